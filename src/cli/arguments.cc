#include "cli/arguments.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>

namespace shoal::cli {
namespace {

Status wrong(std::string text) { return Status(ErrorCode::invalid_argument, std::move(text)); }

/// How many letters are to be put in, left out or changed to make one of the other (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
    }
  }
  return row.back();
}

Status unknown_option(const std::string& word, std::span<const Option> options) {
  std::vector<std::string_view> names;
  for (const Option& each : options) names.push_back(each.name);
  const std::string_view near = nearest(word, names);
  return wrong("there is no option " + word + "; " +
               (near.empty() ? "--help names those there are" : "did you mean " + std::string(near) + "?"));
}

/// Reads a text from its begin.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool take(char c) {
    skip_spaces();
    const bool is_there = at_ < text_.size() && text_[at_] == c;
    at_ += is_there ? 1 : 0;
    return is_there;
  }
  bool is_over() {
    skip_spaces();
    return at_ == text_.size();
  }
  /// Between quotes.
  std::optional<std::string> quoted() {
    if (!take('"')) return std::nullopt;
    const std::size_t end = text_.find('"', at_);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view word = text_.substr(at_, end - at_);
    at_ = end + 1;
    return word.find('\\') == std::string_view::npos ? std::optional(std::string(word)) : std::nullopt;
  }
  std::optional<std::string> number() {
    skip_spaces();
    double value = 0;
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc()) return std::nullopt;
    at_ += static_cast<std::size_t>(end - begin);
    return std::string(begin, end);
  }
  std::size_t at() const { return at_; }

 private:
  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> names) {
  std::string_view best;
  std::size_t least = std::max<std::size_t>(3, word.size() / 3 + 1);  // further is something else
  for (const std::string_view name : names) {
    const std::size_t far = distance(word, name);
    if (far < least) {
      least = far;
      best = name;
    }
  }
  return best;
}

Result<Arguments> Arguments::parse(std::span<const Option> options, const std::vector<std::string>& words,
                                   bool takes_rest) {
  Arguments arguments;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (takes_rest && !word.starts_with("-")) {
      arguments.rest_.assign(words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
      return arguments;
    }
    if (!word.starts_with("-")) return wrong("\"" + word + "\" is no option, and nothing else is expected here");
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const auto option = std::find_if(options.begin(), options.end(), [&](const Option& o) { return o.name == name; });
    if (option == options.end()) return unknown_option(name, options);
    if (arguments.has(name)) return wrong(name + " is there twice");
    std::string value;
    if (equals != std::string::npos) {
      if (option->value.empty()) return wrong(name + " takes no value");
      value = word.substr(equals + 1);
    } else if (!option->value.empty()) {
      if (++i == words.size()) return wrong(name + " lacks its value, " + std::string(option->value));
      value = words[i];
    }
    arguments.values_.emplace(name, std::move(value));
  }
  return arguments;
}

std::string Arguments::text(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string() : found->second;
}

Result<double> Arguments::number(std::string_view name, double otherwise) const {
  if (!has(name)) return otherwise;
  const std::string value = text(name);
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error == std::errc() && end == value.data() + value.size() && std::isfinite(number) && number >= 0) return number;
  return wrong(std::string(name) + " is \"" + value + "\"; it is a number from 0 on");
}

Result<std::map<std::string, std::string>> parse_object(std::string_view text) {
  std::map<std::string, std::string> members;
  Scanner scanner(text);
  const auto fault = [&] {
    return wrong("\"" + std::string(text) + "\" is wrong from its letter " + std::to_string(scanner.at() + 1) +
                 " on; what is expected is an object like {\"name\": 2, \"zone\": \"a\"}");
  };
  if (!scanner.take('{')) return fault();
  for (bool is_first = true; !scanner.take('}'); is_first = false) {
    if (!is_first && !scanner.take(',')) return fault();
    std::optional<std::string> name = scanner.quoted();
    if (!name || !scanner.take(':')) return fault();
    std::optional<std::string> value = scanner.quoted();
    if (!value) value = scanner.number();
    if (!value || !members.emplace(*std::move(name), *std::move(value)).second) return fault();
  }
  if (!scanner.is_over()) return fault();
  return members;
}

}  // namespace shoal::cli
