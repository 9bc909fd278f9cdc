#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <shoal/api/arguments.h>
#include <shoal/api/stream.h>
#include <shoal/base/members.h>
#include <shoal/base/shippable.h>
#include <shoal/base/signature.h>

/// What can be a task, and what is said of what cannot.
namespace shoal::inline v1::detail {

/// What an argument is packed from: text owns its characters.
template <class A>
using Argument = std::conditional_t<std::is_convertible_v<const std::remove_cvref_t<A>&, const char*> ||
                                        std::is_same_v<std::remove_cvref_t<A>, std::string_view>,
                                    std::string, std::decay_t<A>>;

/// What a parameter that is `auto` takes an argument of type A as.
template <class A>
struct AutoParameter {
  using type = A;
};
template <class T>
struct AutoParameter<Ref<T>> {
  using type = T;
};
template <class T>
struct AutoParameter<std::vector<Ref<T>>> {
  using type = std::vector<T>;
};

/// The signature of F; of one with several, or with `auto` parameters, what it is for arguments of the types A.
template <class F, class... A>
struct Callable {
  using Parameters = members::Types<typename AutoParameter<A>::type...>;
  using Result = std::invoke_result_t<F&, typename AutoParameter<A>::type...>;
};
template <class F, class... A>
  requires HasSignature<F>
struct Callable<F, A...> : Signature<F> {};

/// The first thing that is wrong with a task.
enum class TaskFault { none, text, member, captures, bases, count, writable, argument, parameter, result, stream };

template <class P, class A>
consteval TaskFault find_argument_fault() {
  if (std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>>) return TaskFault::writable;
  if constexpr (!is_serialisable<Kept<P>>) {
    return TaskFault::parameter;
  } else {
    return passing<Kept<P>, A>() == Passing::unfit ? TaskFault::argument : TaskFault::none;
  }
}

template <class... P, class... A>
consteval TaskFault find_arguments_fault(members::Types<P...>, members::Types<A...>) {
  if constexpr (sizeof...(P) != sizeof...(A)) {
    return TaskFault::count;
  } else {
    TaskFault fault = TaskFault::none;
    ((fault = fault == TaskFault::none ? find_argument_fault<P, A>() : fault), ...);
    return fault;
  }
}

template <class R>
consteval TaskFault find_result_fault() {
  using Result = std::remove_cvref_t<R>;
  if constexpr (std::is_void_v<Result>) {
    return TaskFault::none;
  } else {
    return is_serialisable<Result> && !std::is_pointer_v<Result> ? TaskFault::none : TaskFault::result;
  }
}

template <class Item, class R>
consteval TaskFault find_stream_fault() {
  if (!std::is_void_v<R> || leaves<Item> > 1) return TaskFault::stream;
  return is_serialisable<Item> ? TaskFault::none : TaskFault::result;
}

template <class F>
consteval TaskFault find_callable_fault() {
  if constexpr (std::is_member_pointer_v<F>) {
    return TaskFault::member;
  } else if constexpr (std::is_convertible_v<F, std::string_view>) {
    return TaskFault::text;
  } else if constexpr (!is_shippable<F>) {
    return std::is_class_v<F> && (std::is_polymorphic_v<F> || members::has_base<F>()) ? TaskFault::bases
                                                                                      : TaskFault::captures;
  } else {
    return TaskFault::none;
  }
}

template <class F, class... A>
consteval TaskFault find_task_fault() {
  if constexpr (constexpr TaskFault fault = find_callable_fault<F>(); fault != TaskFault::none) {
    return fault;
  } else if constexpr (!HasSignature<F> && !std::is_invocable_v<F&, typename AutoParameter<A>::type...>) {
    return TaskFault::argument;
  } else {
    using Known = Callable<F, A...>;
    using Split = Inputs<typename Known::Parameters>;
    constexpr TaskFault arguments = find_arguments_fault(typename Split::Parameters{}, members::Types<A...>{});
    if constexpr (arguments != TaskFault::none) {
      return arguments;
    } else if constexpr (!std::is_void_v<typename Split::Item>) {
      return find_stream_fault<typename Split::Item, typename Known::Result>();
    } else {
      return find_result_fault<typename Known::Result>();
    }
  }
}

/// Says what is wrong, if anything is.
template <TaskFault fault>
consteval bool refuse_fault() {
  static_assert(fault != TaskFault::text,
                "shoal: the function comes first, then its arguments; options stand in braces "
                "before it: submit({.name = \"price\"}, price, 7)");
  static_assert(fault != TaskFault::member,
                "shoal: a member function needs its object: make an actor with spawn<T>() and call() it, or write a "
                "lambda that takes the object as an argument: submit([](const T& it) { return it.price(); }, object)");
  static_assert(fault != TaskFault::captures,
                "shoal: this could not run in another process: a task's lambda or function object may hold numbers, "
                "enums and arrays of them, or be a plain struct of values. Pass strings, containers, references and "
                "what pointers point to as arguments: submit(f, argument)");
  static_assert(fault != TaskFault::bases,
                "shoal: a function object with base classes or virtual functions could not run in another process; "
                "make it a plain struct without bases, or write a function");
  static_assert(
      fault != TaskFault::count,
      "shoal: the number of arguments differs from what the function takes (defaults do not count: pass all)");
  static_assert(fault != TaskFault::writable,
                "shoal: the function takes a reference that it could write to, but it gets a copy, which nobody sees: "
                "take it by value or by const reference and return what changed");
  static_assert(fault != TaskFault::argument,
                "shoal: an argument does not fit its parameter: a Ref<T> goes to T or Ref<T>, a std::vector<Ref<T>> to "
                "std::vector<T> or std::vector<Ref<T>>, others to what they convert to");
  static_assert(
      fault != TaskFault::parameter,
      "shoal: the function takes a type that cannot travel to another process: use numbers, enums, strings, "
      "standard containers, optional, variant, tuple, chrono and plain structs of them, no pointers or views; "
      "for a class of your own specialise shoal::Codec before its first use");
  static_assert(
      fault != TaskFault::result,
      "shoal: the function returns a type that cannot travel to another process: return numbers, enums, "
      "strings, standard containers, optional, variant, tuple, chrono or plain structs of them, no pointers or "
      "views; for a class of your own specialise shoal::Codec before its first use");
  static_assert(
      fault != TaskFault::stream,
      "shoal: a function with a Sink gives all it has to give through it: it returns void, and its items are no "
      "pairs or tuples, but plain structs or other values");
  return fault == TaskFault::none;
}

/// Says what is wrong where F cannot be a task with these arguments.
template <class F, class... A>
consteval bool can_be_task() {
  return refuse_fault<find_task_fault<F, A...>()>();
}

}  // namespace shoal::inline v1::detail
