#include "wire/print.h"

#include <fmt/format.h>
#include <shoal/base/members.h>
#include <shoal/base/type_name.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "wire/enumerators.h"
#include "wire/limits.h"

namespace shoal::wire {
namespace {

template <class T>
concept Id = std::is_same_v<T, ProcessId> || std::is_same_v<T, TaskId> || std::is_same_v<T, ObjectId> ||
             std::is_same_v<T, ActorId>;

template <class T>
void print(std::string& line, const T& value);

/// What no terminal should get is shown as its number.
void print_text(std::string& line, std::string_view text) {
  line += '"';
  for (const char c : text.substr(0, k_shown_text_max)) {
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      fmt::format_to(std::back_inserter(line), "\\x{:02x}", c);
    } else {
      line += c;
    }
  }
  line += '"';
  if (text.size() > k_shown_text_max) fmt::format_to(std::back_inserter(line), "...({} B)", text.size());
}

void print_payload(std::string& line, const Payload& payload) {
  fmt::format_to(std::back_inserter(line), "<{} B", payload.size());
  const std::size_t shown = payload.data() == nullptr ? 0 : std::min(payload.size(), k_shown_payload_max);
  if (shown > 0) line += ' ';
  for (const std::uint8_t byte : payload.bytes().first(shown)) {
    fmt::format_to(std::back_inserter(line), "{:02x}", byte);
  }
  if (shown < payload.size()) line += "...";
  if (!payload.refs().empty()) {
    line += " refs=";
    print(line, payload.refs());
  }
  for (const SharedBytes& part : payload.parts()) {
    fmt::format_to(std::back_inserter(line), " part={} B{}", part.size(), part.stored == nullptr ? "" : " stored");
  }
  line += '>';
}

template <class E, std::size_t... I>
void print_enumerator(std::string& line, E value, std::index_sequence<I...>) {
  static constexpr std::array<std::string_view, sizeof...(I)> k_names = {enumerator_name<static_cast<E>(I)>()...};
  const auto number = static_cast<std::size_t>(value);
  if (number < k_names.size()) {
    line += k_names[number];
  } else {
    fmt::format_to(std::back_inserter(line), "{}", number);
  }
}

template <class List>
void print_list(std::string& line, const List& list) {
  line += '[';
  std::size_t shown = 0;
  for (const auto& element : list) {
    if (shown > 0) line += ", ";
    if (shown++ == k_shown_elements_max) {
      fmt::format_to(std::back_inserter(line), "...({})", list.size());
      break;
    }
    print(line, element);
  }
  line += ']';
}

template <class T>
void print_members(std::string& line, const T& value) {
  line += '{';
  bool first = true;
  members::visit(value, [&](std::string_view name, const auto& member) {
    if (!first) line += ", ";
    first = false;
    line += name;
    line += '=';
    print(line, member);
  });
  line += '}';
}

template <class T>
void print(std::string& line, const T& value) {
  if constexpr (Id<T>) {
    line += to_string(value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    print_text(line, value);
  } else if constexpr (std::is_same_v<T, Payload>) {
    print_payload(line, value);
  } else if constexpr (std::is_same_v<T, Attachment>) {
    fmt::format_to(std::back_inserter(line), "{} files", value.files.size());
  } else if constexpr (std::is_enum_v<T>) {
    print_enumerator(line, value, std::make_index_sequence<enumerator_count<T>()>());
  } else if constexpr (std::is_arithmetic_v<T>) {
    fmt::format_to(std::back_inserter(line), "{}", value);
  } else if constexpr (requires { value.use_count(); }) {
    if (value == nullptr) {
      line += "null";
    } else {
      print(line, *value);
    }
  } else if constexpr (requires { value.begin(); }) {
    print_list(line, value);
  } else if constexpr (requires { value.first; }) {
    print(line, value.first);
    line += ": ";
    print(line, value.second);
  } else {
    print_members(line, value);
  }
}

}  // namespace

std::string to_string(const Message& message) {
  std::string line;
  std::visit(
      [&line]<class T>(const T& what) {
        line += type_name<T>();
        print_members(line, what);
      },
      message);
  return line;
}

}  // namespace shoal::wire
