#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <shoal/api/arguments.h>
#include <shoal/api/options.h>
#include <shoal/api/stream.h>
#include <shoal/base/members.h>
#include <shoal/base/shippable.h>
#include <shoal/base/signature.h>

/// What can be a task, and what is said of what cannot.
namespace shoal::inline v1 {
struct ActorOptions;
}

namespace shoal::inline v1::detail {

/// What an argument is packed from.
template <class A>
using Argument = Owned<A>;

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

/// The first thing that is wrong with a task, or with a call of an actor.
enum class TaskFault {
  none,
  text,
  options,
  function,
  member,
  method,
  captures,
  bases,
  count,
  writable,
  argument,
  parameter,
  result,
  stream,
  sink,
};

/// What a refused call returns: anything, so that the compiler says one thing that is wrong and not what follows from it.
struct Refused {
  template <class T>
  operator T() const;
};

template <class T>
inline constexpr bool is_options = std::is_same_v<T, TaskOptions> || std::is_same_v<T, ActorOptions>;

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
  if constexpr ((false || ... || SinkParameter<P>::k_is)) {
    return TaskFault::sink;
  } else if constexpr (sizeof...(P) != sizeof...(A)) {
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
  } else if constexpr (!std::is_class_v<F> && !std::is_function_v<std::remove_pointer_t<F>>) {
    return TaskFault::function;
  } else if constexpr (!is_shippable<F>) {
    return std::is_class_v<F> && (std::is_polymorphic_v<F> || members::has_base<F>()) ? TaskFault::bases
                                                                                      : TaskFault::captures;
  } else {
    return TaskFault::none;
  }
}

template <class F, class... A>
consteval TaskFault find_task_fault() {
  if constexpr ((is_options<F> || ... || is_options<A>)) {
    return TaskFault::options;
  } else if constexpr (constexpr TaskFault fault = find_callable_fault<F>(); fault != TaskFault::none) {
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

/// Says what is wrong, if anything is. The conditions are names, which compilers do not explain at length.
template <TaskFault fault>
consteval bool refuse_fault() {
  constexpr bool begins_with_a_function = fault != TaskFault::text;
  static_assert(begins_with_a_function,
                "shoal: the function comes first, then its arguments; options stand in braces "
                "before it: submit({.name = \"price\"}, price, 7)");
  constexpr bool has_its_options_first = fault != TaskFault::options;
  static_assert(has_its_options_first,
                "shoal: options of a task are TaskOptions and stand before the function: "
                "submit({.num_cpus = 2}, f, argument); those of an actor are given to spawn()");
  constexpr bool is_given_a_function = fault != TaskFault::function;
  static_assert(is_given_a_function,
                "shoal: the first argument is no function: submit(f, argument), not submit(f(argument))");
  constexpr bool has_its_object = fault != TaskFault::member;
  static_assert(has_its_object,
                "shoal: a member function needs its object: make an actor with spawn<T>() and call() it, or write a "
                "lambda that takes the object as an argument: submit([](const T& it) { return it.price(); }, object)");
  constexpr bool is_of_the_actors_class = fault != TaskFault::method;
  static_assert(is_of_the_actors_class,
                "shoal: an actor is called by a pointer to one of its class's member functions: "
                "counter.call(&Counter::add, 1)");
  constexpr bool holds_values_alone = fault != TaskFault::captures;
  static_assert(holds_values_alone,
                "shoal: this could not run in another process: a task's lambda or function object may hold numbers, "
                "enums and arrays of them, or be a plain struct of values. Pass strings, containers, references and "
                "what pointers point to as arguments: submit(f, argument)");
  constexpr bool is_plain = fault != TaskFault::bases;
  static_assert(is_plain,
                "shoal: a function object with base classes or virtual functions could not run in another process; "
                "make it a plain struct without bases, or write a function");
  constexpr bool has_as_many_arguments = fault != TaskFault::count;
  static_assert(
      has_as_many_arguments,
      "shoal: the number of arguments differs from what the function takes (defaults do not count: pass all)");
  constexpr bool only_reads_its_arguments = fault != TaskFault::writable;
  static_assert(only_reads_its_arguments,
                "shoal: the function takes a reference that it could write to, but it gets a copy, which nobody sees: "
                "take it by value or by const reference and return what changed");
  constexpr bool arguments_fit = fault != TaskFault::argument;
  static_assert(arguments_fit,
                "shoal: an argument does not fit its parameter: a Ref<T> goes to T or Ref<T>, a std::vector<Ref<T>> to "
                "std::vector<T> or std::vector<Ref<T>>, others to what they convert to");
  constexpr bool parameters_travel = fault != TaskFault::parameter;
  static_assert(parameters_travel,
                "shoal: the function takes a type that cannot travel to another process: use numbers, enums, strings, "
                "standard containers, optional, variant, tuple, chrono and plain structs of them, no pointers or "
                "views; for a class of your own specialise shoal::Codec before its first use");
  constexpr bool result_travels = fault != TaskFault::result;
  static_assert(result_travels,
                "shoal: the function returns a type that cannot travel to another process: return numbers, enums, "
                "strings, standard containers, optional, variant, tuple, chrono or plain structs of them, no pointers "
                "or views; for a class of your own specialise shoal::Codec before its first use");
  constexpr bool gives_by_its_sink = fault != TaskFault::stream;
  static_assert(
      gives_by_its_sink,
      "shoal: a function with a Sink gives all it has to give through it: it returns void, and its items are no "
      "pairs or tuples, but plain structs or other values");
  constexpr bool has_its_sink_last = fault != TaskFault::sink;
  static_assert(
      has_its_sink_last,
      "shoal: a Sink is the last parameter of its function, which is a task: submit() provides it, and calls of "
      "actors give no streams");
  return fault == TaskFault::none;
}

}  // namespace shoal::inline v1::detail
