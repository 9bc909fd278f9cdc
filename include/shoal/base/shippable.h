#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <shoal/base/members.h>

/// What could run in, or travel to, another process, decided from types alone and equal on every engine.
namespace shoal::inline v1 {

/// Specialise as true for a type of your own that is not a plain struct but knows how to travel, such as a shared
/// handle of something that lives in the driver.
template <class T>
inline constexpr bool is_shippable_handle = false;

namespace detail {

template <class T>
struct IsPlainBytes {
  // Reading zero bytes as a T is a constant expression exactly if T holds no pointer, reference, `this` or view.
  static constexpr auto zeros = std::array<unsigned char, sizeof(T)>{};
  template <class U>
  static constexpr auto test(int)
      -> decltype(std::integral_constant<bool, (static_cast<void>(std::bit_cast<U>(zeros)), true)>::value) {
    return true;
  }
  template <class U>
  static constexpr bool test(...) {
    return false;
  }
};

/// Numbers, enums, and arrays and structs of them, lambdas that capture nothing else included.
template <class T>
consteval bool is_plain_bytes() {
  if constexpr (std::is_trivially_copyable_v<T> && std::is_object_v<T>) {
    return IsPlainBytes<T>::template test<T>(0);
  } else {
    return false;
  }
}

template <class T>
inline constexpr bool is_variant = false;
template <class... T>
inline constexpr bool is_variant<std::variant<T...>> = true;

/// Owning containers of the standard library, and those of others that look like them; views have no clear().
template <class T>
concept Container = requires(T& container) {
  typename T::value_type;
  container.begin();
  container.end();
  container.size();
  container.clear();
};
template <class T>
concept StdArray = requires(T& array) {
  std::tuple_size<T>::value;
  typename T::value_type;
  array.data();
};
template <class T>
concept Optional = requires(T& optional) {
  typename T::value_type;
  optional.has_value();
  optional.reset();
};
template <class T>
concept Duration = requires {
  typename T::rep;
  typename T::period;
};
template <class T>
concept TimePoint = requires {
  typename T::clock;
  typename T::duration;
};
template <class T>
concept TupleLike = requires { std::tuple_size<T>::value; };

template <class T>
consteval bool is_serialisable();

template <class T>
struct AllSerialisable;
template <template <class...> class List, class... T>
struct AllSerialisable<List<T...>> {
  static constexpr bool value = (is_serialisable<T>() && ...);
};

/// Whether the codec can walk a value of T.
template <class T>
consteval bool is_serialisable() {
  if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> || is_shippable_handle<T> || Duration<T> || TimePoint<T>) {
    return !std::is_const_v<T>;
  } else if constexpr (std::is_bounded_array_v<T>) {
    return is_serialisable<std::remove_extent_t<T>>();
  } else if constexpr (!std::is_class_v<T> || std::is_const_v<T>) {
    return false;
  } else if constexpr (StdArray<T> || Optional<T>) {
    return is_serialisable<typename T::value_type>();
  } else if constexpr (Container<T>) {
    if constexpr (requires { typename T::mapped_type; }) {
      return is_serialisable<typename T::key_type>() && is_serialisable<typename T::mapped_type>();
    } else {
      return is_serialisable<typename T::value_type>();
    }
  } else if constexpr (is_variant<T> || TupleLike<T>) {
    return AllSerialisable<T>::value;
  } else if constexpr (members::is_plain_struct<T>()) {
    return AllSerialisable<members::TypesOf<T>>::value;
  } else {
    return false;
  }
}

}  // namespace detail

/// Values that can be arguments and results: arithmetic types, enums, strings, standard containers, optional, variant,
/// tuple, pair, chrono, and plain structs of them.
template <class T>
inline constexpr bool is_serialisable = detail::is_serialisable<T>();

/// Callables that can run in another process: a function pointer, a lambda without captures, a callable whose state is
/// plain bytes (numbers, enums and arrays of them: no pointer, reference, `this` or view), or a plain struct.
template <class F>
inline constexpr bool is_shippable = (std::is_pointer_v<F> && std::is_function_v<std::remove_pointer_t<F>>) ||
                                     detail::is_plain_bytes<F>() ||
                                     (std::is_class_v<F> && detail::is_serialisable<F>());

}  // namespace shoal::inline v1
