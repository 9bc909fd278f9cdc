#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <type_traits>

/// Log lines of this process, for programs and for Shoal itself:
///
///     shoal::log::info("decoded {} rows in {:.1f} s", rows, seconds);
///
/// A line goes to standard error with time, level and process id, and stands above a progress display without
/// disturbing it. With SHOAL_LOG_DIR set it also goes to `shoal-<program>-<pid>.log` there, with date, UTC offset,
/// thread, and the step and fragment that wrote it. SHOAL_LOG_LEVEL=debug|info|warn|error|off chooses what is written;
/// both are read at the first line. Places are `{}`, `{0}` and `{:spec}` as in std::format, without nested ones; a
/// wrong place, specification or count does not compile. All functions may be called from any thread and never throw.
namespace shoal::inline v1::log {

enum class Level : std::uint8_t { debug, info, warn, error, off };

/// Lines below `level` are dropped from now on.
void set_level(Level level);
Level level();

namespace detail {

enum class Kind : std::uint8_t { boolean, character, integer, natural, single, real, text };

template <class T>
consteval Kind kind_of() {
  if constexpr (std::is_same_v<T, bool>) {
    return Kind::boolean;
  } else if constexpr (std::is_same_v<T, char>) {
    return Kind::character;
  } else if constexpr (std::is_integral_v<T>) {
    static_assert(sizeof(T) <= 8, "shoal::log takes integers of up to 64 bits");
    return std::is_signed_v<T> ? Kind::integer : Kind::natural;
  } else if constexpr (std::is_floating_point_v<T>) {
    return std::is_same_v<T, float> ? Kind::single : Kind::real;
  } else {
    static_assert(std::is_convertible_v<const T&, std::string_view>,
                  "shoal::log takes numbers, bool, char and strings; convert other values first");
    return Kind::text;
  }
}

/// One argument without its type. Text is a view: it lives until the call returns.
struct Argument {
  template <class T>
  explicit Argument(const T& value) : kind(kind_of<T>()) {
    if constexpr (kind_of<T>() == Kind::text) {
      const std::string_view view = value;
      data = view.data();
      natural = view.size();
    } else if constexpr (std::is_floating_point_v<T>) {
      real = static_cast<double>(value);
    } else if constexpr (kind_of<T>() == Kind::natural) {
      natural = value;
    } else {
      integer = value;
    }
  }

  Kind kind;
  union {
    std::int64_t integer;
    std::uint64_t natural;  ///< Of text: its size.
    double real;
  };
  const char* data = nullptr;
};

/// Throws, that is: does not compile, where `format` does not fit arguments of these kinds.
consteval void check(std::string_view format, const Kind* kinds, std::size_t count);

void write(Level level, std::string_view format, std::initializer_list<Argument> arguments);

}  // namespace detail

/// A format string that was checked, when the program was compiled, to fit arguments of types A.
template <class... A>
class Format {
 public:
  template <class S>
    requires std::is_convertible_v<const S&, std::string_view>
  consteval Format(const S& text) : text_(text) {  // NOLINT: an implicit conversion is the point
    const detail::Kind kinds[] = {detail::Kind::boolean, detail::kind_of<A>()...};  // never empty
    detail::check(text_, kinds + 1, sizeof...(A));
  }
  constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

template <class... A>
void debug(Format<std::type_identity_t<A>...> format, const A&... arguments) {
  detail::write(Level::debug, format.text(), {detail::Argument(arguments)...});
}
template <class... A>
void info(Format<std::type_identity_t<A>...> format, const A&... arguments) {
  detail::write(Level::info, format.text(), {detail::Argument(arguments)...});
}
template <class... A>
void warn(Format<std::type_identity_t<A>...> format, const A&... arguments) {
  detail::write(Level::warn, format.text(), {detail::Argument(arguments)...});
}
template <class... A>
void error(Format<std::type_identity_t<A>...> format, const A&... arguments) {
  detail::write(Level::error, format.text(), {detail::Argument(arguments)...});
}

namespace detail {

constexpr bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

/// Reads digits at `at`; false where there is none.
constexpr bool read_number(std::string_view format, std::size_t& at, std::size_t& number) {
  const std::size_t first = at;
  for (number = 0; at < format.size() && is_one_of(format[at], "0123456789"); ++at) {
    number = number * 10 + static_cast<std::size_t>(format[at] - '0');
  }
  return at != first;
}

/// Checks `[[fill]align][sign][#][0][width][.precision][type]` and leaves `at` behind it.
consteval void check_spec(std::string_view format, std::size_t& at, Kind kind) {
  const auto here = [&](std::string_view set) { return at < format.size() && is_one_of(format[at], set); };
  const bool is_float = kind == Kind::single || kind == Kind::real;
  const bool is_number = is_float || kind == Kind::integer || kind == Kind::natural;
  std::size_t number = 0;
  if (at + 1 < format.size() && is_one_of(format[at + 1], "<>^")) ++at;
  if (here("<>^")) ++at;
  if (here("+- #0") && !is_number) throw "sign, '#' and '0' are for numbers";
  if (here("+- ") && kind == Kind::natural) throw "a sign is for signed numbers";
  if (here("+- ")) ++at;
  if (here("#")) ++at;
  if (here("0")) ++at;
  read_number(format, at, number);
  if (here(".")) {
    if (!is_float && kind != Kind::text) throw "a precision is for floating point numbers and strings";
    if (!read_number(format, ++at, number)) throw "digits are missing after '.'";
  }
  if (here("}")) return;
  const std::string_view types = is_float                  ? "aAeEfFgG"
                                 : kind == Kind::text      ? "s"
                                 : kind == Kind::boolean   ? "sbBdoxX"
                                 : kind == Kind::character ? "cbBdoxX"
                                                           : "bBdoxX";
  if (!here(types)) throw "this presentation does not exist for the argument's type";
  ++at;
}

consteval void check(std::string_view format, const Kind* kinds, std::size_t count) {
  std::size_t next = 0;    // of automatic numbering
  std::uint64_t used = 0;  // bit i: argument i has a place
  bool numbered = false;
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (!is_one_of(format[at], "{}")) continue;
    if (at + 1 < format.size() && format[at + 1] == format[at]) {
      ++at;
      continue;
    }
    if (format[at] == '}') throw "a '}' without '{'; write \"}}\" for the character";
    std::size_t index = 0;
    if (read_number(format, ++at, index)) {
      numbered = true;
    } else {
      index = next++;
    }
    if (numbered && next != 0) throw "use either {} or {0}, not both";
    if (index >= count) throw "more places than arguments";
    used |= std::uint64_t{1} << (index % 64);
    if (at < format.size() && format[at] == ':') check_spec(format, ++at, kinds[index]);
    if (at >= format.size() || format[at] != '}') throw "a '{' without its '}'; write \"{{\" for the character";
  }
  for (std::size_t i = 0; i < count; ++i) {
    if ((used >> (i % 64) & 1) == 0) throw "an argument has no place in the format string";
  }
}

}  // namespace detail
}  // namespace shoal::inline v1::log
