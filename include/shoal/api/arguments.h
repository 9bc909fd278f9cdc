#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <shoal/api/ref.h>
#include <shoal/base/members.h>
#include <shoal/base/shippable.h>
#include <shoal/base/signature.h>
#include <shoal/shell/task_call.h>
#include <shoal/wire/callable.h>
#include <shoal/wire/codec.h>

/// How arguments travel: what a call is given is packed on one side, and unpacked as what the function takes on the other.
/// The parameter's type decides what becomes of a reference.
namespace shoal::inline v1::detail {

/// Where this thread's large values are to be written; null = in the program's own memory.
LargeMemory* large_memory();

/// A call on its way: encoded arguments, and the references whose values are arguments, in order.
struct Packer {
  Encoder encoder{0, large_memory()};
  std::vector<Handle> resolve{};
};

/// The same call where it runs.
class Unpacker {
 public:
  explicit Unpacker(TaskCall& call)
      : decoder(call.arguments(), static_cast<RefSource*>(&call)), resolved_(call.resolved()), source_(&call) {}

  Decoder decoder;
  /// The next value of a reference.
  template <class T>
  T take_value();

 private:
  const Payload& next();

  std::span<const Payload> resolved_;
  RefSource* source_;
  std::size_t next_ = 0;
};

[[noreturn]] void throw_bad_arguments(const Decoder& decoder);

// --- Values of references: one payload for each leaf.

template <class T>
struct Value {
  template <class NextPayload>
  static T take(NextPayload&& next, RefSource* source) {
    return from_payload<T>(next(), source);
  }
  static void give(const T& value, std::vector<Payload>& into) { into.push_back(to_payload(value, large_memory())); }
};
template <>
struct Value<void> {
  template <class NextPayload>
  static void take(NextPayload&& next, RefSource*) {
    static_cast<void>(next());
  }
};
template <class... T>
  requires(sizeof...(T) > 0)
struct Value<std::tuple<T...>> {
  template <class NextPayload>
  static std::tuple<T...> take(NextPayload&& next, RefSource* source) {
    return std::tuple<T...>{Value<T>::take(next, source)...};
  }
  static void give(const std::tuple<T...>& value, std::vector<Payload>& into) {
    std::apply([&](const T&... element) { (Value<T>::give(element, into), ...); }, value);
  }
};
template <class A, class B>
struct Value<std::pair<A, B>> {
  template <class NextPayload>
  static std::pair<A, B> take(NextPayload&& next, RefSource* source) {
    return std::pair<A, B>{Value<A>::take(next, source), Value<B>::take(next, source)};
  }
  static void give(const std::pair<A, B>& value, std::vector<Payload>& into) {
    Value<A>::give(value.first, into);
    Value<B>::give(value.second, into);
  }
};

template <class T>
T Unpacker::take_value() {
  return Value<T>::take([this]() -> const Payload& { return next(); }, source_);
}

template <class T>
void resolve(Packer& packer, const Ref<T>& ref) {
  for (const Handle& handle : Handles::of(ref)) packer.resolve.push_back(handle);
}

// --- One argument.

/// What a parameter is kept as: text and sequences that it only looks at are owned by the call.
template <class P>
struct KeptAs {
  using type = std::remove_cvref_t<P>;
};
template <class P>
  requires(std::is_same_v<std::remove_cvref_t<P>, std::string_view> ||
           std::is_same_v<std::remove_cvref_t<P>, const char*>)
struct KeptAs<P> {
  using type = std::string;
};
template <class P>
using Kept = typename KeptAs<P>::type;

template <class T>
struct RefsIn {
  static constexpr bool k_is = false;
};
template <class T>
struct RefsIn<std::vector<Ref<T>>> {
  static constexpr bool k_is = true;
  using type = T;
};

/// How an argument of type A becomes a parameter that is kept as K.
enum class Passing { value, resolve, resolve_each, unfit };

template <class K, class A>
consteval Passing passing() {
  if constexpr (is_ref<A> && !is_ref<K>) {
    if constexpr (std::is_void_v<typename A::value_type>) {
      return Passing::unfit;
    } else {
      return std::is_convertible_v<typename A::value_type, K> ? Passing::resolve : Passing::unfit;
    }
  } else if constexpr (RefsIn<A>::k_is && !std::is_convertible_v<A, K>) {
    return std::is_same_v<K, std::vector<typename RefsIn<A>::type>> ? Passing::resolve_each : Passing::unfit;
  } else {
    return std::is_convertible_v<const A&, K> ? Passing::value : Passing::unfit;
  }
}

template <class K, class A>
void pack(Packer& packer, const A& argument) {
  constexpr Passing how = passing<K, A>();
  if constexpr (how == Passing::resolve) {
    resolve(packer, argument);
  } else if constexpr (how == Passing::resolve_each) {
    packer.encoder.write_length(argument.size());
    for (const auto& ref : argument) resolve(packer, ref);
  } else if constexpr (std::is_same_v<K, A>) {
    encode(packer.encoder, argument);
  } else {
    const K converted = argument;
    encode(packer.encoder, converted);
  }
}

template <class... P, class... A>
void pack_all(Packer& packer, members::Types<P...>, const A&... arguments) {
  (pack<Kept<P>>(packer, arguments), ...);
}

template <class K, class A>
K unpack_argument(Unpacker& unpacker) {
  constexpr Passing how = passing<K, A>();
  if constexpr (how == Passing::resolve) {
    return unpacker.take_value<typename A::value_type>();
  } else if constexpr (how == Passing::resolve_each) {
    K values;
    for (std::size_t left = unpacker.decoder.read_length(); left > 0; --left) {
      values.push_back(unpacker.take_value<typename K::value_type>());
    }
    return values;
  } else {
    K value{};
    decode(unpacker.decoder, value);
    if (!unpacker.decoder.ok()) throw_bad_arguments(unpacker.decoder);
    return value;
  }
}

/// A kept argument as the parameter P takes it.
template <class P>
decltype(auto) pass(Kept<P>& argument) {
  if constexpr (std::is_same_v<std::remove_cvref_t<P>, const char*>) {
    return argument.c_str();
  } else if constexpr (std::is_lvalue_reference_v<P> || !std::is_same_v<Kept<P>, std::remove_cvref_t<P>>) {
    return std::as_const(argument);
  } else {
    return std::move(argument);
  }
}

/// Calls `f` with what came for the parameters P, which was packed from arguments of the types A, and then with `more`.
/// The arguments are gone when it returns.
template <class R, class F, class... P, class... A, class... More>
std::remove_cvref_t<R> call_with(F&& f, Unpacker& unpacker, members::Types<P...>, members::Types<A...>, More&... more) {
  std::tuple<Kept<P>...> kept{unpack_argument<Kept<P>, A>(unpacker)...};  // in order: braces
  if (!unpacker.decoder.finish()) throw_bad_arguments(unpacker.decoder);
  return std::apply([&](Kept<P>&... argument) -> R { return f(pass<P>(argument)..., more...); }, kept);
}

/// The execution is over, with what `call` returns. Its arguments are gone by then.
template <class R, class Call>
void finish(TaskCall& task, Call&& call) {
  if constexpr (std::is_void_v<R>) {
    call();
    task.done(std::vector<Payload>(1));
  } else {
    const std::remove_cvref_t<R> result = call();
    std::vector<Payload> payloads;
    payloads.reserve(leaves<std::remove_cvref_t<R>>);
    Value<std::remove_cvref_t<R>>::give(result, payloads);
    task.done(std::move(payloads));
  }
}

}  // namespace shoal::inline v1::detail
