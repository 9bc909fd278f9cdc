#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <shoal/base/members.h>
#include <shoal/base/shippable.h>
#include <shoal/data/batch.h>
#include <shoal/data/function.h>
#include <shoal/data/typed_rows.h>

/// What a step's function takes and gives, and what may be wrong with it.
namespace shoal::inline v1 {
template <class T>
inline constexpr bool is_shippable_handle<data::Tensor<T>> = true;
template <>
inline constexpr bool is_shippable_handle<data::Bytes> = true;
}  // namespace shoal::inline v1

namespace shoal::data::inline v1::detail {

/// The result and parameters of a function pointer, or of a class with one operator().
template <class F>
struct SignatureOf;

template <class R, class First, class... Rest>
struct SignatureOf<R (*)(First, Rest...)> {
  using Result = std::remove_cvref_t<R>;
  using RowParameter = First;
  using Row = std::remove_cvref_t<First>;
  using BoundParameters = members::Types<std::remove_cvref_t<Rest>...>;
};
template <class R, class... A>
struct SignatureOf<R (*)(A...) noexcept> : SignatureOf<R (*)(A...)> {};

template <class Member>
struct CallOperator;
template <class R, class C, class... A>
struct CallOperator<R (C::*)(A...)> : SignatureOf<R (*)(A...)> {};
template <class R, class C, class... A>
struct CallOperator<R (C::*)(A...) const> : SignatureOf<R (*)(A...)> {};
template <class R, class C, class... A>
struct CallOperator<R (C::*)(A...) noexcept> : SignatureOf<R (*)(A...)> {};
template <class R, class C, class... A>
struct CallOperator<R (C::*)(A...) const noexcept> : SignatureOf<R (*)(A...)> {};

template <class F>
  requires requires { &F::operator(); }
struct SignatureOf<F> : CallOperator<decltype(&F::operator())> {};

template <class F>
concept HasSignature = requires { typename SignatureOf<F>::Row; };

/// What a bound argument is kept as: text owns its characters.
template <class T>
using Kept = std::conditional_t<std::is_convertible_v<const std::remove_cvref_t<T>&, const char*> ||
                                    std::is_same_v<std::remove_cvref_t<T>, std::string_view>,
                                std::string, std::decay_t<T>>;

/// Whether T can be a row of a step.
template <class T>
consteval bool is_row() {
  if constexpr (std::is_same_v<T, Row>) {
    return true;
  } else if constexpr (ScalarRow<T> || StructRow<T>) {
    return is_column<T>();
  } else {
    return false;
  }
}
template <class T>
consteval bool is_rows() {
  if constexpr (requires(T & rows) { rows.begin(); rows.end(); }) {
    return is_row<std::remove_cvref_t<decltype(*std::declval<T&>().begin())>>();
  } else {
    return false;
  }
}

/// The first thing that is wrong with a step's function.
enum class Fault { none, generic, captures, bases, row, member, writable, result, column, count, bound, bound_type, construct };

template <FunctionKind K, class Result>
consteval bool result_fits() {
  if constexpr (K == FunctionKind::map_batches) return std::is_same_v<Result, Batch>;
  if constexpr (K == FunctionKind::filter) return std::is_convertible_v<Result, bool>;
  if constexpr (K == FunctionKind::flat_map) return is_rows<Result>();
  if constexpr (K == FunctionKind::map) return is_row<Result>();
}

template <FunctionKind K, class S>
consteval Fault find_row_fault() {
  using Row = typename S::Row;
  if (std::is_lvalue_reference_v<typename S::RowParameter> &&
      !std::is_const_v<std::remove_reference_t<typename S::RowParameter>>) {
    return Fault::writable;
  }
  if constexpr (K == FunctionKind::map_batches) {
    if (!std::is_same_v<Row, Batch>) return Fault::row;
  } else if constexpr (!is_row<Row>()) {
    return StructRow<Row> ? Fault::member : Fault::row;
  }
  return Fault::none;
}

template <class F, class... P, class... Bound>
consteval Fault find_bound_fault(members::Types<P...>, members::Types<Bound...>) {
  if constexpr (sizeof...(P) != sizeof...(Bound)) {
    return Fault::count;
  } else if constexpr (!(is_serialisable<Kept<P>> && ...)) {
    return Fault::bound;
  } else if constexpr (!(std::is_constructible_v<Kept<P>, Bound> && ...) ||
                       !std::is_invocable_v<F&, typename SignatureOf<F>::Row, const Kept<P>&...>) {
    return Fault::bound_type;
  } else {
    return Fault::none;
  }
}

/// Of a function, lambda or function object with its bound arguments; `IsColumn` for add_column(), whose result is one
/// value.
template <FunctionKind K, bool IsColumn, class F, class... Bound>
consteval Fault find_fault() {
  if constexpr (!HasSignature<F>) {
    return Fault::generic;
  } else if constexpr (!is_shippable<F>) {
    return std::is_class_v<F> && (std::is_polymorphic_v<F> || members::detail::has_base<F>) ? Fault::bases
                                                                                             : Fault::captures;
  } else {
    using S = SignatureOf<F>;
    if (find_row_fault<K, S>() != Fault::none) return find_row_fault<K, S>();
    if constexpr (IsColumn) {
      if (!is_column<typename S::Result>()) return Fault::column;
    } else if (!result_fits<K, typename S::Result>()) {
      return Fault::result;
    }
    return find_bound_fault<F>(typename S::BoundParameters{}, members::Types<Bound...>{});
  }
}

/// Of a class step and its constructor's arguments.
template <FunctionKind K, class C, class... Args>
consteval Fault find_class_fault() {
  if constexpr (!HasSignature<C>) {
    return Fault::generic;
  } else {
    using S = SignatureOf<C>;
    if (find_row_fault<K, S>() != Fault::none) return find_row_fault<K, S>();
    if (!result_fits<K, typename S::Result>()) return Fault::result;
    if (!std::is_same_v<typename S::BoundParameters, members::Types<>>) return Fault::count;
    if (!(is_serialisable<Kept<Args>> && ...)) return Fault::bound;
    return std::is_constructible_v<C, const Kept<Args>&...> ? Fault::none : Fault::construct;
  }
}

/// Says what is wrong, once, and what to do about it.
template <Fault fault, FunctionKind K>
consteval bool refuse() {
  static_assert(fault != Fault::generic,
                "shoal: a step needs one signature: write the row's type, [](Digit digit) instead of [](auto digit), and "
                "do not overload operator()");
  static_assert(fault != Fault::captures,
                "shoal: this function holds what another process does not have (a pointer, a reference, `this`, a view, "
                "or memory of its own). Pass it as an argument: .map(function, {}, value), or make it a class step: "
                ".map<Class>({}, value). What it holds itself must be numbers, enums or arrays of them, or the members of "
                "a plain struct; a constructor must be constexpr");
  static_assert(fault != Fault::bases,
                "shoal: a function object with bases or virtual functions cannot be copied to another process; make it a "
                "class step: .map<Class>({}, arguments...)");
  static_assert(fault != Fault::row || K == FunctionKind::map_batches,
                "shoal: a row is a plain struct (no bases, constructors, virtual functions or private members, at most "
                "64 members that each have a default) or sd::Row, taken by value or const reference");
  static_assert(fault != Fault::row || K != FunctionKind::map_batches,
                "shoal: map_batches needs sd::Batch function(const sd::Batch&, bound arguments...); use map() for rows");
  static_assert(fault != Fault::member,
                "shoal: every member of a row must be a column: a number, bool, enum, std::string, std::string_view, "
                "sd::Bytes, sd::Tensor, a plain struct of them, or std::vector or std::optional of one of them");
  static_assert(fault != Fault::writable,
                "shoal: rows and batches cannot be changed in place: take them by value or const reference and return "
                "the result");
  static_assert(fault != Fault::result || K != FunctionKind::map_batches,
                "shoal: map_batches needs a function that returns sd::Batch");
  static_assert(fault != Fault::result || K != FunctionKind::filter, "shoal: filter needs a function that returns bool");
  static_assert(fault != Fault::result || K != FunctionKind::flat_map,
                "shoal: flat_map needs a function that returns std::vector of plain structs or of sd::Row");
  static_assert(fault != Fault::result || K != FunctionKind::map,
                "shoal: map needs a function that returns a plain struct whose members are columns, or sd::Row");
  static_assert(fault != Fault::column,
                "shoal: add_column needs a function that returns one value: a number, bool, enum, std::string, sd::Bytes, "
                "sd::Tensor, a plain struct of them, or std::vector or std::optional of one of them");
  static_assert(fault != Fault::count,
                "shoal: the function takes the row (or batch), then exactly the arguments that follow the options: "
                ".map(function, {}, first, second). A class step's operator() takes the row alone");
  static_assert(fault != Fault::bound,
                "shoal: a bound argument must be a value that can be sent to another process: numbers, enums, strings, "
                "standard containers, optional, variant, tuple, chrono, sd::ObjectHandle, and plain structs of them; not "
                "a pointer, reference or view. Make what cannot be sent in the constructor of a class step");
  static_assert(fault != Fault::bound_type,
                "shoal: a bound argument does not convert to the function's parameter, which must be taken by value or "
                "const reference");
  static_assert(fault != Fault::construct,
                "shoal: the class step cannot be constructed from these arguments, which are passed as const lvalues "
                "(text as std::string)");
  return fault == Fault::none;
}

}  // namespace shoal::data::inline v1::detail
