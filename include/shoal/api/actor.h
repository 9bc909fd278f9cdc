#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <shoal/api/arguments.h>
#include <shoal/api/get.h>
#include <shoal/api/options.h>
#include <shoal/api/ref.h>
#include <shoal/api/signature_check.h>
#include <shoal/api/submit.h>
#include <shoal/base/type_name.h>

namespace shoal::inline v1 {

/// What an actor needs, how long it lives, and what becomes of it when things fail.
struct ActorOptions {
  double num_cpus = 0;                        ///< CPUs that are its own as long as it lives; by default it takes none.
  double num_gpus = 0;                        ///< Likewise; context().gpus says which.
  std::uint64_t memory = 0;                   ///< Bytes that it takes of its node's.
  std::map<std::string, double> resources{};  ///< Of the node's own kinds.
  std::string name{};                         ///< find() gives it to anybody; there is one of a name at a time.
  bool get_if_exists = false;                 ///< The one of that name, where there is one, instead of an error.
  bool detached = false;                      ///< Lives until it is killed; else until its last handle is gone.
  int max_restarts = 0;      ///< Times its process may be lost, after which it is made anew; -1 = always.
  int max_call_retries = 0;  ///< Of a call that had started when that happened; -1 = always.
  int threads = 1;           ///< Calls that run at once; above 1 the class is its own guard.
  Spread strategy = Spread::pack;
  friend bool operator==(const ActorOptions&, const ActorOptions&) = default;
};

/// See kill().
struct KillOptions {
  bool restart = false;  ///< As if its process had died: it is made anew where it may be.
};

template <class T>
class Actor;

namespace detail {

Handle spawn(const Code& code, const ActorOptions& options, Packer& packed);
void call(const Handle& actor, const Code& code, Packer& packed, std::span<Handle> results);
Handle find_actor(const std::string& name);
void kill_actor(const Handle& actor, const KillOptions& options);

/// The way to an actor's handle for Shoal's own functions.
struct ActorHandle {
  template <class T>
  static const Handle& of(const Actor<T>& actor) {
    return actor.handle_;
  }
  template <class T>
  static Handle& of(Actor<T>& actor) {
    return actor.handle_;
  }
};

// --- Construction: an argument that is a reference becomes its value, unless only so the class has no constructor for it.

template <class T, class... A>
inline constexpr bool takes_values = std::is_constructible_v<T, typename AutoParameter<A>::type...>;

template <class T, class... A>
struct Construction {
  using Parameters = std::conditional_t<takes_values<T, A...>, members::Types<typename AutoParameter<A>::type...>,
                                        members::Types<A...>>;

  static void run(TaskCall& task) {
    Unpacker unpacker(task);
    task.hold(call_with<std::shared_ptr<T>>(
        [](auto&&... argument) { return std::make_shared<T>(std::forward<decltype(argument)>(argument)...); }, unpacker,
        Parameters{}, members::Types<A...>{}));
    task.done({});
  }

  static Handle spawn(const ActorOptions& options, const A&... arguments) {
    Packer packed;
    pack_all(packed, Parameters{}, arguments...);
    return detail::spawn({.entry = &run, .type = type_name<T>(), .results = 0}, options, packed);
  }
};

/// Says the first thing that is wrong with making a T of these arguments.
template <class T, class... A>
consteval bool can_be_actor() {
  constexpr bool is_class = std::is_class_v<T> && !std::is_abstract_v<T>;
  static_assert(is_class, "shoal: an actor is an object of a class: spawn<Counter>(1)");
  constexpr bool has_its_options_first = !(false || ... || is_options<A>);
  static_assert(has_its_options_first,
                "shoal: options of an actor are ActorOptions and stand before the arguments: "
                "spawn<Counter>({.name = \"visitors\"}, 1); those of a task are given to submit()");
  constexpr bool is_sound = is_class && has_its_options_first;
  constexpr bool constructible = takes_values<T, A...> || std::is_constructible_v<T, A...>;
  static_assert(!is_sound || constructible,
                "shoal: the actor's class has no constructor for these arguments; a Ref<T> is passed as its "
                "value where that fits, else as the reference");
  constexpr bool travels = (is_serialisable<A> && ...);
  static_assert(!is_sound || !constructible || travels,
                "shoal: an argument of the actor's constructor cannot travel to another process: use numbers, "
                "enums, strings, standard containers, optional, variant, tuple, chrono and plain structs of them, "
                "no pointers or views; for a class of your own specialise shoal::Codec before its first use");
  return is_sound && constructible && travels;
}

template <class First, class...>
inline constexpr bool begins_with_options = std::is_same_v<std::decay_t<First>, ActorOptions>;

// --- Calls of a member function.

void encode_member(Encoder& to, const void* member, std::size_t size);
void decode_member(Decoder& from, void* member, std::size_t size);
/// What tells one member function from another, as long as the process lives.
const void* key_of_member(const void* member, std::size_t size);

template <class T, class M, class... A>
struct MemberCall {
  using Parameters = typename Signature<M>::Parameters;
  using Result = std::remove_cvref_t<typename Signature<M>::Result>;

  static void run(TaskCall& task) {
    Unpacker unpacker(task);
    finish<Result>(task, [&] {
      M member = nullptr;
      decode_member(unpacker.decoder, &member, sizeof member);
      T& self = *static_cast<T*>(task.actor());
      const auto bound = [&](auto&&... argument) ->
          typename Signature<M>::Result { return (self.*member)(std::forward<decltype(argument)>(argument)...); };
      return call_with<typename Signature<M>::Result>(bound, unpacker, Parameters{}, members::Types<A...>{});
    });
  }

  static Ref<Result> call(const Handle& actor, M member, const A&... arguments) {
    Packer packed;
    encode_member(packed.encoder, &member, sizeof member);
    pack_all(packed, Parameters{}, arguments...);
    Ref<Result> result;
    const Code code{.entry = &run,
                    .function = key_of_member(&member, sizeof member),
                    .type = type_name<T>(),
                    .results = leaves<Result>,
                    .is_member = true};
    detail::call(actor, code, packed, Handles::of(result));
    return result;
  }
};

template <class T, class M>
consteval bool is_method() {
  if constexpr (std::is_member_function_pointer_v<M>) {
    return std::is_base_of_v<typename Signature<M>::Object, T>;
  } else {
    return false;
  }
}

template <class T, class M, class... A>
consteval TaskFault find_call_fault() {
  if constexpr ((false || ... || is_options<A>)) {
    return TaskFault::options;
  } else if constexpr (!is_method<T, M>()) {
    return TaskFault::method;
  } else {
    constexpr TaskFault arguments = find_arguments_fault(typename Signature<M>::Parameters{}, members::Types<A...>{});
    return arguments != TaskFault::none ? arguments : find_result_fault<typename Signature<M>::Result>();
  }
}

}  // namespace detail

/// A handle on an object that lives in a process of its own, or, embedded, in a thread of its own: made by spawn() or
/// find(). A small value: copied, kept in values, passed to tasks and other actors, wherever they run. The object lives as
/// long as anybody has a handle, or until kill(), or until the process that made it ends; a detached one until kill().
template <class T>
class Actor {
 public:
  /// Empty until it is assigned to.
  Actor() = default;
  explicit operator bool() const { return static_cast<bool>(handle_); }

  /// Calls a member function of the object and returns a reference to its result at once. Calls of one process start in
  /// the order in which it makes them, one at a time unless ActorOptions::threads says otherwise. Arguments are as for
  /// submit(). What the function throws, and ActorDied, is thrown by get().
  template <class M, class... A>
  auto call(M method, A&&... arguments) const {
    if constexpr (detail::refuse_fault<detail::find_call_fault<T, M, detail::Argument<A>...>()>()) {
      return detail::MemberCall<T, M, detail::Argument<A>...>::call(handle_, method, arguments...);
    } else {
      return detail::Refused{};
    }
  }

  /// Whether both are handles on the same object, as one process sees it.
  friend bool operator==(const Actor& a, const Actor& b) {
    return static_cast<bool>(a) == static_cast<bool>(b) && (!a || a.handle_.id() == b.handle_.id());
  }

 private:
  friend detail::ActorHandle;
  detail::Handle handle_;
};

/// Handles in values: whoever opens the value has handles of its own.
template <class T>
struct Codec<Actor<T>> {
  static constexpr std::size_t k_bytes_min = 1;
  static void encode(Encoder& to, const Actor<T>& actor) { detail::encode_handle(to, detail::ActorHandle::of(actor)); }
  static void decode(Decoder& from, Actor<T>& actor) { detail::decode_handle(from, detail::ActorHandle::of(actor)); }
};

/// Makes an object of class T in a process of its own and returns a handle at once: spawn<Counter>(10). An argument that is
/// a reference is passed as its value where the class has a constructor for that. What the constructor throws is the cause
/// of the ActorDied that calls fail with.
///
/// Errors: InvalidArgument for options that mean nothing. A name that is taken is ActorDied at the first call, see
/// ActorOptions::get_if_exists.
template <class T, class... A>
  requires(!detail::begins_with_options<A..., void>)
Actor<T> spawn(A&&... arguments) {
  Actor<T> actor;
  if constexpr (detail::can_be_actor<T, detail::Argument<A>...>()) {
    detail::ActorHandle::of(actor) = detail::Construction<T, detail::Argument<A>...>::spawn(ActorOptions{},
                                                                                            arguments...);
  }
  return actor;
}
/// With options: `spawn<ParameterServer>({.name = "ps", .max_restarts = 3}, 1'000'000)`.
template <class T, class... A>
Actor<T> spawn(const ActorOptions& options, A&&... arguments) {
  Actor<T> actor;
  if constexpr (detail::can_be_actor<T, detail::Argument<A>...>()) {
    detail::ActorHandle::of(actor) = detail::Construction<T, detail::Argument<A>...>::spawn(options, arguments...);
  }
  return actor;
}

/// The actor of that name, whoever made it. T is its class: the caller's word. Errors: NotFound.
template <class T>
Actor<T> find(const std::string& name) {
  Actor<T> actor;
  detail::ActorHandle::of(actor) = detail::find_actor(name);
  return actor;
}

/// Ends the actor now: calls that have not ended fail with ActorDied.
template <class T>
void kill(const Actor<T>& actor, const KillOptions& options = {}) {
  detail::kill_actor(detail::ActorHandle::of(actor), options);
}

/// Ends the actor that the calling thread runs a call of, when that call has ended, with its result. Calls that have not
/// started fail with ActorDied. Errors: InvalidArgument outside of actors.
void exit_actor();

}  // namespace shoal::inline v1
