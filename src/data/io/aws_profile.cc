#include "data/io/aws_profile.h"

#include <algorithm>
#include <cctype>

namespace shoal::data {
namespace {

constexpr std::size_t k_file_bytes_max = 1024 * 1024;
constexpr int k_lines_max = 10'000;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::string with_single_blanks(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const char plain = is_blank(c) ? ' ' : c;
    if (plain != ' ' || (!out.empty() && out.back() != ' ')) out += plain;
  }
  return out;
}

/// A '#' or ';' begins a comment at the start of a line or behind a blank.
std::string_view without_comment(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if ((line[i] == '#' || line[i] == ';') && (i == 0 || is_blank(line[i - 1]))) return line.substr(0, i);
  }
  return line;
}

class Parser {
 public:
  Status take(std::string_view raw, int number) {
    const bool indented = !raw.empty() && is_blank(raw.front()) && raw.front() != '\r';
    const std::string_view line = trimmed(without_comment(raw));
    if (line.empty()) return Status();
    if (line.front() == '[') return open_section(line, number);
    if (section_ == nullptr) return bad(number, "a setting stands before the first [section]");
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) {
      return indented && !block_.empty() ? Status() : bad(number, "a line is neither [section] nor name = value");
    }
    const std::string name = lower(trimmed(line.substr(0, equals)));
    const std::string value(trimmed(line.substr(equals + 1)));
    if (name.empty()) return bad(number, "a value has no name");
    if (indented && !block_.empty()) {
      (*section_)[block_ + "." + name] = value;
      return Status();
    }
    block_ = value.empty() ? name : "";
    (*section_)[name] = value;
    return Status();
  }

  AwsSections& sections() { return sections_; }

 private:
  Status open_section(std::string_view line, int number) {
    const std::size_t end = line.find(']');
    if (end == std::string_view::npos) return bad(number, "a [section] is not closed");
    section_ = &sections_[with_single_blanks(trimmed(line.substr(1, end - 1)))];
    block_.clear();
    return Status();
  }

  static Status bad(int number, const std::string& why) {
    return Status(ErrorCode::corrupt_data, "line " + std::to_string(number) + ": " + why);
  }

  AwsSections sections_;
  AwsSection* section_ = nullptr;
  std::string block_;
};

}  // namespace

Result<AwsSections> parse_aws_file(std::string_view text) {
  if (text.size() > k_file_bytes_max) return Status(ErrorCode::corrupt_data, "longer than 1 MiB");
  Parser parser;
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (++number > k_lines_max) return Status(ErrorCode::corrupt_data, "more than 10,000 lines");
    SHOAL_RETURN_IF_ERROR(parser.take(text.substr(0, end), number));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::move(parser.sections());
}

}  // namespace shoal::data
