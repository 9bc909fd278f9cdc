#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include <shoal/api/arguments.h>
#include <shoal/api/options.h>
#include <shoal/api/ref.h>
#include <shoal/api/signature_check.h>
#include <shoal/api/stream.h>
#include <shoal/base/type_name.h>

namespace shoal::inline v1 {

namespace detail {

/// What a call of submit() knows about its function when it is compiled.
struct Code {
  Entry entry = nullptr;
  const void* function = nullptr;  ///< Where it was given by its address; its symbol is the name.
  std::string_view type{};         ///< Of others, and the class of a member function.
  std::uint32_t results = 1;
  bool stream = false;
  bool is_member = false;
};

/// `results` are empty, and as many as code.results. `options` null = the defaults.
void submit(const Code& code, const TaskOptions* options, Packer& packed, std::span<Handle> results);

template <class F, class... A>
struct Task {
  using Function = Callable<F, A...>;
  using Split = Inputs<typename Function::Parameters>;
  using Parameters = typename Split::Parameters;
  using Item = typename Split::Item;  // void where it has no sink
  using Result = std::remove_cvref_t<typename Function::Result>;
  static constexpr bool k_streams = !std::is_void_v<Item>;

  static void run(TaskCall& task) {
    Unpacker unpacker(task);
    finish<Result>(task, [&] {
      auto f = decode_callable<F>(unpacker.decoder);
      if constexpr (k_streams) {
        Sink<Item> sink(task);
        return call_with<typename Function::Result>(f, unpacker, Parameters{}, members::Types<A...>{}, sink);
      } else {
        return call_with<typename Function::Result>(f, unpacker, Parameters{}, members::Types<A...>{});
      }
    });
  }

  static auto submit(const TaskOptions* options, const F& f, const A&... arguments) {
    Packer packed;
    encode_callable(packed.encoder, f);
    pack_all(packed, Parameters{}, arguments...);
    Code code{.entry = &run, .type = type_name<F>(), .results = leaves<Result>, .stream = k_streams};
    if constexpr (std::is_pointer_v<F>) code.function = reinterpret_cast<const void*>(f);
    if constexpr (k_streams) {
      Handle stream;
      detail::submit(code, options, packed, {&stream, 1});
      return RefStream<Item>(std::move(stream));
    } else {
      Ref<Result> result;
      detail::submit(code, options, packed, Handles::of(result));
      return result;
    }
  }
};

}  // namespace detail

/// Runs f(arguments...) as a task, here or in another process, when there is room for it, and returns a reference to its
/// result at once. `f` is a function, a lambda, or an object that is_shippable. An argument that is a reference becomes its
/// value before the task starts where the parameter is a value (`T` for a Ref<T>, std::vector<T> for a
/// std::vector<Ref<T>>); where the parameter is a Ref, the task gets the reference.
///
/// A function whose last parameter is a Sink<T>& gives items while it runs: then submit() returns a RefStream<T>.
///
/// Errors: InvalidArgument for options that mean nothing and for empty references; it is thrown here. What the task
/// throws, and what befalls it, is thrown by get().
template <class F, class... A>
  requires(!std::is_same_v<std::decay_t<F>, TaskOptions>)
auto submit(F&& f, A&&... arguments) {
  if constexpr (detail::refuse_fault<detail::find_task_fault<std::decay_t<F>, detail::Argument<A>...>()>()) {
    return detail::Task<std::decay_t<F>, detail::Argument<A>...>::submit(nullptr, f, arguments...);
  } else {
    return detail::Refused{};
  }
}
/// With options: `shoal::submit({.num_cpus = 2, .name = "price"}, price, option)`.
template <class F, class... A>
auto submit(const TaskOptions& options, F&& f, A&&... arguments) {
  if constexpr (detail::refuse_fault<detail::find_task_fault<std::decay_t<F>, detail::Argument<A>...>()>()) {
    return detail::Task<std::decay_t<F>, detail::Argument<A>...>::submit(&options, f, arguments...);
  } else {
    return detail::Refused{};
  }
}

/// A task that gets the value of `ref` once it is there: submit(f, ref).
template <class T, class F>
auto then(const Ref<T>& ref, F&& f) {
  if constexpr (detail::refuse_fault<detail::find_task_fault<std::decay_t<F>, Ref<T>>()>()) {
    return submit(std::forward<F>(f), ref);
  } else {
    return detail::Refused{};
  }
}

}  // namespace shoal::inline v1
