#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <shoal/base/members_bind.h>

/// Walks the members of plain structs by position and by name, without a macro or a registration. A plain struct is an
/// aggregate without bases and virtual functions whose at most 64 members can each be initialised with `{}`; C arrays
/// are one member, bit-fields are not supported. Everything is decided at compile time.
namespace shoal::inline v1::members {

namespace detail {

// A base, being the first element of an aggregate with bases, is all this can initialise.
template <class T>
struct ToBaseOf {
  template <class Base>
    requires(std::is_base_of_v<Base, T> && !std::is_same_v<Base, T>)
  operator Base() const;
};

template <class T>
inline constexpr bool has_base = requires { T{ToBaseOf<T>{}}; };

template <class T, std::size_t N>
consteval std::size_t count_from() {
  if constexpr (N <= k_members_max && takes<T, N + 1>) {
    return count_from<T, N + 1>();
  } else {
    return N;
  }
}

template <class T>
struct Holder {
  T value;
};

// Never defined and never used at run time: only the addresses of its members are named, as template arguments, whose
// spelling holds the members' names.
#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#pragma clang diagnostic ignored "-Wundefined-internal"
#endif
template <class T>
extern const Holder<T> ghost;

template <class T, std::size_t N>
consteval auto addresses() {
  return Bind<N>::apply(ghost<T>.value, [](const auto&... members) { return std::tuple(&members...); });
}
#ifdef __clang__
#pragma clang diagnostic pop
#endif

template <auto Address>
consteval std::string_view name_of_address() {
  const std::string_view text = __PRETTY_FUNCTION__;
#ifdef __clang__
  const std::size_t end = text.rfind(']');  // "... [Address = &ghost.value.label]"
#else
  // "... [with auto Address = (& ghost<Digit>.Holder<Digit>::value.Digit::label); ..."
  const std::size_t end = text.rfind(')');
#endif
  return text.substr(0, end).substr(text.substr(0, end).find_last_of(".:") + 1);
}

}  // namespace detail

/// Whether T is an aggregate with base classes.
template <class T>
consteval bool has_base() {
  if constexpr (std::is_class_v<T> && std::is_aggregate_v<T>) return detail::has_base<T>;
  return false;
}

/// Whether T can be walked. False also for unions, classes with constructors or private members, and structs with a
/// member that has no default value.
template <class T>
consteval bool is_plain_struct() {
  if constexpr (std::is_class_v<T> && std::is_aggregate_v<T> && !std::is_polymorphic_v<T>) {
    if constexpr (detail::takes<T, 0> && !detail::has_base<T>) {
      return detail::count_from<T, 0>() <= detail::k_members_max;
    }
  }
  return false;
}

/// How many members T has.
template <class T>
  requires(is_plain_struct<std::remove_cv_t<T>>())
inline constexpr std::size_t count = detail::count_from<std::remove_cv_t<T>, 0>();

/// Calls `f(first, second, ...)` with all members of `value`.
template <class T, class F>
constexpr decltype(auto) apply(T& value, F&& f) {
  return detail::Bind<count<T>>::apply(value, std::forward<F>(f));
}

/// The members' names in the order of their declaration.
template <class T>
inline constexpr auto names = []<std::size_t... I>(std::index_sequence<I...>) {
  return std::array<std::string_view, sizeof...(I)>{
      detail::name_of_address<std::get<I>(detail::addresses<T, count<T>>())>()...};
}(std::make_index_sequence<count<T>>());

/// Calls `f(name, member)` for each member in order.
template <class T, class F>
constexpr void visit(T& value, F&& f) {
  apply(value, [&](auto&... member) {
    std::size_t i = 0;
    (f(names<std::remove_cv_t<T>>[i++], member), ...);
    static_cast<void>(i);
  });
}

/// A list of types.
template <class... T>
struct Types {};

namespace detail {
struct ListTypes {
  template <class... Member>
  constexpr Types<Member...> operator()(Member&...) const {
    return {};
  }
};
}  // namespace detail

/// The members' types: `Types<std::string, int, float[3]>`.
template <class T>
using TypesOf = decltype(detail::Bind<count<T>>::apply(std::declval<T&>(), detail::ListTypes{}));

}  // namespace shoal::inline v1::members
