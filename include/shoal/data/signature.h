#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <shoal/base/members.h>
#include <shoal/base/shippable.h>
#include <shoal/base/signature.h>
#include <shoal/data/batch.h>
#include <shoal/data/function.h>
#include <shoal/data/typed_rows.h>

/// What a step's function takes and gives, and what may be wrong with it.
namespace shoal::data::inline v1::detail {

/// A step's function: the row comes first, then what is bound.
template <class R, class Parameters>
struct StepSignature {};
template <class R, class First, class... Rest>
struct StepSignature<R, members::Types<First, Rest...>> {
  using Result = std::remove_cvref_t<R>;
  using RowParameter = First;
  using Row = std::remove_cvref_t<First>;
  using BoundParameters = members::Types<std::remove_cvref_t<Rest>...>;
};

/// Of a function pointer, or of a class with one operator().
template <class F>
struct SignatureOf {};
template <class F>
  requires(shoal::detail::HasSignature<F> && !std::is_member_pointer_v<F>)
struct SignatureOf<F>
    : StepSignature<typename shoal::detail::Signature<F>::Result, typename shoal::detail::Signature<F>::Parameters> {};

template <class F>
concept HasSignature = requires { typename SignatureOf<F>::Row; };

/// What a bound argument is kept as.
template <class T>
using Kept = shoal::detail::Owned<T>;

/// The row that a result of map is, or that a result of flat_map has many of; void where it is no range.
template <FunctionKind K, class Result>
struct RowIn {
  using type = std::conditional_t<K == FunctionKind::flat_map, void, Result>;
};
template <class Result>
  requires requires(Result& rows) {
    rows.begin();
    rows.end();
  }
struct RowIn<FunctionKind::flat_map, Result> {
  using type = std::remove_cvref_t<decltype(*std::declval<Result&>().begin())>;
};
template <FunctionKind K, class Result>
using RowGiven = typename RowIn<K, std::remove_cvref_t<Result>>::type;

/// The first thing that is wrong with a step's function.
enum class Fault {
  none,
  // clang-format off
  text, generic, captures, bases,                              // the callable
  row, rows, batch, member, writable,                          // what it takes
  map_result, flat_result, filter_result, batch_result, value, result_member, result_view,  // what it gives
  count, bound, bound_type, construct,                         // its arguments
  // clang-format on
};

/// How a step's function was given.
enum class StepForm {
  function,  ///< A function, lambda or function object, then its bound arguments.
  column,    ///< For add_column: the column's name, then as above.
  object,    ///< A class and the arguments of its constructor.
};

template <FunctionKind K, StepForm Form, class Result>
consteval Fault find_result_fault() {
  if constexpr (Form == StepForm::column) {
    return !is_column<Result>() ? Fault::value : has_views<Result>() ? Fault::result_view : Fault::none;
  }
  if constexpr (K == FunctionKind::map_batches)
    return std::is_same_v<Result, Batch> ? Fault::none : Fault::batch_result;
  if constexpr (K == FunctionKind::filter)
    return std::is_convertible_v<Result, bool> ? Fault::none : Fault::filter_result;
  using Given = RowGiven<K, Result>;
  if constexpr (is_row<Given>()) return has_views<Given>() ? Fault::result_view : Fault::none;
  if constexpr (Misfit<Given>::k_found) return Fault::result_member;
  return K == FunctionKind::flat_map ? Fault::flat_result : Fault::map_result;
}

template <FunctionKind K, StepForm Form, class S>
consteval Fault find_signature_fault() {
  using Taken = typename S::Row;
  using Parameter = typename S::RowParameter;
  if (std::is_lvalue_reference_v<Parameter> && !std::is_const_v<std::remove_reference_t<Parameter>>) {
    return Fault::writable;
  }
  if constexpr (K == FunctionKind::map_batches) {
    if (!std::is_same_v<Taken, Batch>) return Fault::batch;
  } else if constexpr (std::is_same_v<Taken, Batch>) {
    return Fault::rows;
  } else if constexpr (!is_row<Taken>()) {
    return Misfit<Taken>::k_found ? Fault::member : Fault::row;
  }
  return find_result_fault<K, Form, typename S::Result>();
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

template <class C, class... Args>
consteval Fault find_construct_fault(members::Types<Args...>) {
  if (!std::is_same_v<typename SignatureOf<C>::BoundParameters, members::Types<>>) return Fault::count;
  if (!(is_serialisable<Kept<Args>> && ...)) return Fault::bound;
  return std::is_constructible_v<C, const Kept<Args>&...> ? Fault::none : Fault::construct;
}

/// Of a callable of type F, and of what it is bound to or constructed from.
template <FunctionKind K, StepForm Form, class F, class... Args>
consteval Fault find_fault(members::Types<F, Args...>) {
  if constexpr (!HasSignature<F>) {
    return std::is_convertible_v<F, std::string_view> ? Fault::text : Fault::generic;
  } else if constexpr (Form != StepForm::object && !is_shippable<F>) {
    return std::is_class_v<F> && (std::is_polymorphic_v<F> || members::has_base<F>()) ? Fault::bases : Fault::captures;
  } else if constexpr (constexpr Fault fault = find_signature_fault<K, Form, SignatureOf<F>>(); fault != Fault::none) {
    return fault;
  } else if constexpr (Form == StepForm::object) {
    return find_construct_fault<F>(members::Types<Args...>{});
  } else {
    return find_bound_fault<F>(typename SignatureOf<F>::BoundParameters{}, members::Types<Args...>{});
  }
}

/// The row that a step with a fault in a member takes or gives; void where the fault is another.
template <FunctionKind K, Fault Found, class Given>
struct RowWithFault {
  using type = void;
};
template <FunctionKind K, class F, class... Args>
struct RowWithFault<K, Fault::member, members::Types<F, Args...>> {
  using type = typename SignatureOf<F>::Row;
};
template <FunctionKind K, class F, class... Args>
struct RowWithFault<K, Fault::result_member, members::Types<F, Args...>> {
  using type = RowGiven<K, typename SignatureOf<F>::Result>;
};
template <FunctionKind K, Fault Found, class Given>
using RowAtFault = typename RowWithFault<K, Found, Given>::type;

}  // namespace shoal::data::inline v1::detail
