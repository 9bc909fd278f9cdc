#pragma once

#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <shoal/base/ids.h>
#include <shoal/shell/handle.h>
#include <shoal/shell/task_call.h>
#include <shoal/wire/codec.h>

namespace shoal::inline v1 {

template <class T>
class Ref;

namespace detail {

/// Objects that a value of T is made of: a pair or tuple has one for each element.
template <class T>
inline constexpr std::size_t leaves = 1;
template <class A, class B>
inline constexpr std::size_t leaves<std::pair<A, B>> = leaves<A> + leaves<B>;
template <class First, class... Rest>
inline constexpr std::size_t leaves<std::tuple<First, Rest...>> = (leaves<First> + ... + leaves<Rest>);

template <class T>
inline constexpr bool is_ref = false;
template <class T>
inline constexpr bool is_ref<Ref<T>> = true;

/// The way to a reference's handles for Shoal's own functions.
struct Handles {
  template <class T>
  static const std::array<Handle, leaves<T>>& of(const Ref<T>& ref) {
    return ref.handles_;
  }
  template <class T>
  static std::array<Handle, leaves<T>>& of(Ref<T>& ref) {
    return ref.handles_;
  }
};

void encode_handle(Encoder& to, const Handle& handle);
void decode_handle(Decoder& from, Handle& handle);

}  // namespace detail

/// A value that exists or will: the result of a task, or what was put. A small value itself, to be copied, kept, put into
/// other values, and passed to tasks, in whatever process they run. The value lives as long as anybody refers to it.
///
/// A reference to a pair or tuple refers to its elements: unpack() gives each a reference of its own.
/// Any thread may use a reference; two threads that change the same one need a lock, as for an int.
template <class T>
class Ref {
 public:
  /// What it refers to; `void` for a task that returns nothing.
  using value_type = T;

  /// Empty: refers to nothing until it is assigned to.
  Ref() = default;
  explicit operator bool() const { return static_cast<bool>(handles_[0]); }
  /// The name of what it refers to, as logs and tools print it. Precondition: it is not empty.
  ObjectId id() const { return handles_[0].id(); }

  /// Whether both refer to the same object.
  friend bool operator==(const Ref& a, const Ref& b) {
    return static_cast<bool>(a) == static_cast<bool>(b) && (!a || a.id() == b.id());
  }

 private:
  friend detail::Handles;
  std::array<detail::Handle, detail::leaves<T>> handles_;
};

/// References in values: whoever opens the value has references of its own.
template <class T>
struct Codec<Ref<T>> {
  static constexpr std::size_t k_bytes_min = 1;
  static void encode(Encoder& to, const Ref<T>& ref) {
    for (const detail::Handle& handle : detail::Handles::of(ref)) detail::encode_handle(to, handle);
  }
  static void decode(Decoder& from, Ref<T>& ref) {
    for (detail::Handle& handle : detail::Handles::of(ref)) detail::decode_handle(from, handle);
  }
};

namespace detail {

template <class T, class Element>
void take_leaves(Ref<T>& from, std::size_t& at, Ref<Element>& into) {
  for (Handle& handle : Handles::of(into)) handle = std::move(Handles::of(from)[at++]);
}

template <class T, class... Element>
std::tuple<Ref<Element>...> unpack_elements(Ref<T>& ref) {
  std::tuple<Ref<Element>...> elements;
  std::size_t at = 0;
  std::apply([&](auto&... element) { (take_leaves(ref, at, element), ...); }, elements);
  return elements;
}

}  // namespace detail

/// One reference for each element:
///
///     auto [quotient, remainder] = shoal::unpack(shoal::submit(divide, 7, 2));
template <class... T>
std::tuple<Ref<T>...> unpack(Ref<std::tuple<T...>> ref) {
  return detail::unpack_elements<std::tuple<T...>, T...>(ref);
}
template <class A, class B>
std::tuple<Ref<A>, Ref<B>> unpack(Ref<std::pair<A, B>> ref) {
  return detail::unpack_elements<std::pair<A, B>, A, B>(ref);
}

}  // namespace shoal::inline v1
