#pragma once

#include <string>
#include <string_view>
#include <type_traits>

namespace shoal::inline v1 {

namespace detail {
template <class T>
consteval std::string_view pretty_type() {
  return __PRETTY_FUNCTION__;
}
/// What the compiler puts around a type's name in pretty_type().
struct PrettyFrame {
  std::size_t before;
  std::size_t after;
};
consteval PrettyFrame pretty_frame() {
  const std::string_view text = pretty_type<double>();
  const std::size_t at = text.find("double");
  return {at, text.size() - at - std::string_view("double").size()};
}
}  // namespace detail

/// The type's full name as the compiler spells it.
template <class T>
consteval std::string_view full_type_name() {
  const std::string_view text = detail::pretty_type<T>();
  return text.substr(detail::pretty_frame().before,
                     text.size() - detail::pretty_frame().before - detail::pretty_frame().after);
}

template <class T>
consteval bool is_lambda() {
  return full_type_name<T>().find("lambda") != std::string_view::npos && std::is_class_v<T> &&
         (full_type_name<T>().find("<lambda") != std::string_view::npos ||
          full_type_name<T>().find("(lambda at") != std::string_view::npos);
}

/// For people: without namespaces and template arguments; "lambda" for lambdas.
template <class T>
consteval std::string_view type_name() {
  if constexpr (is_lambda<T>()) {
    return "lambda";
  } else {
    const std::string_view full = full_type_name<T>();
    const std::string_view bare = full.substr(0, full.find('<', 1));
    return bare.substr(bare.rfind(':') + 1);
  }
}

/// The name of the function at this address without namespaces and parameters, from the symbols of its program or
/// library; "function" where those were stripped. Reads the file the first time that it is asked for a function.
std::string function_name(const void* code);

}  // namespace shoal::inline v1
