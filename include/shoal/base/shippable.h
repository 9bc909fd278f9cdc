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

class Encoder;
class Decoder;

/// How values of a type of your own travel that is no plain struct. Specialise it next to the type, and before values of
/// the type are first used with Shoal; include shoal/wire/codec.h.
///
///     template <>
///     struct shoal::Codec<Matrix> {
///       static void encode(shoal::Encoder& to, const Matrix& value);    // shoal::encode() what decode() wants back
///       static void decode(shoal::Decoder& from, Matrix& value);        // into one made without arguments
///     };
template <class T>
struct Codec;

namespace detail {
template <class T>
inline constexpr bool has_codec = requires { sizeof(Codec<T>); };
}  // namespace detail

/// Types that are no plain structs and yet know how to travel: those with a Codec, and those that their room carries.
template <class T>
inline constexpr bool is_shippable_handle = detail::has_codec<T>;

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

/// What a type is to the codec, by its outside alone: what it holds may still be unfit.
enum class Kind {
  unfit,
  codec,
  handle,
  number,
  enumeration,
  duration,
  time_point,
  c_array,
  std_array,
  optional,
  sequence,
  set,
  map,
  variant,
  tuple,
  plain,
};

template <class T>
consteval Kind kind_of_class() {
  if constexpr (StdArray<T>) {
    return Kind::std_array;
  } else if constexpr (Optional<T>) {
    return Kind::optional;
  } else if constexpr (Container<T>) {
    if constexpr (requires { typename T::mapped_type; }) return Kind::map;
    return requires { typename T::key_type; } ? Kind::set : Kind::sequence;
  } else if constexpr (is_variant<T>) {
    return Kind::variant;
  } else if constexpr (TupleLike<T>) {
    return Kind::tuple;
  } else {
    return members::is_plain_struct<T>() ? Kind::plain : Kind::unfit;
  }
}

template <class T>
consteval Kind kind_of() {
  if constexpr (std::is_const_v<T>) {
    return Kind::unfit;
  } else if constexpr (std::is_arithmetic_v<T>) {
    return Kind::number;
  } else if constexpr (std::is_enum_v<T>) {
    return Kind::enumeration;
  } else if constexpr (has_codec<T>) {
    return std::is_default_constructible_v<T> ? Kind::codec : Kind::unfit;
  } else if constexpr (is_shippable_handle<T>) {
    return Kind::handle;
  } else if constexpr (std::is_bounded_array_v<T>) {
    return Kind::c_array;
  } else if constexpr (!std::is_class_v<T>) {
    return Kind::unfit;
  } else if constexpr (TimePoint<T>) {  // has what a duration has, too
    return Kind::time_point;
  } else if constexpr (Duration<T>) {
    return Kind::duration;
  } else {
    return kind_of_class<T>();
  }
}
template <class T>
inline constexpr Kind kind = kind_of<T>();

/// `Above`: the plain structs that T is a member of, which a tree of them meets again.
template <class T, class... Above>
consteval bool is_walkable();

template <class T, class... Above>
struct AllSerialisable;
template <template <class...> class List, class... T, class... Above>
struct AllSerialisable<List<T...>, Above...> {
  static constexpr bool value = (is_walkable<T, Above...>() && ...);
};

/// Whether the codec can walk a value of T.
template <class T, class... Above>
consteval bool is_walkable() {
  constexpr Kind is = kind<T>;
  if constexpr (is == Kind::c_array) {
    return is_walkable<std::remove_extent_t<T>, Above...>();
  } else if constexpr (is == Kind::std_array || is == Kind::optional || is == Kind::sequence || is == Kind::set) {
    return is_walkable<typename T::value_type, Above...>();
  } else if constexpr (is == Kind::map) {
    return is_walkable<typename T::key_type, Above...>() && is_walkable<typename T::mapped_type, Above...>();
  } else if constexpr (is == Kind::variant || is == Kind::tuple) {
    return AllSerialisable<T, Above...>::value;
  } else if constexpr (is == Kind::plain) {
    if constexpr ((std::is_same_v<T, Above> || ...)) {
      return true;
    } else {
      return AllSerialisable<members::TypesOf<T>, T, Above...>::value;
    }
  } else {
    return is != Kind::unfit;
  }
}

}  // namespace detail

/// Values that can be arguments and results: arithmetic types, enums, strings, standard containers, optional, variant,
/// tuple, pair, chrono, plain structs of them, and types with a Codec.
template <class T>
inline constexpr bool is_serialisable = detail::is_walkable<T>();

/// Callables that can run in another process: a function pointer, a lambda without captures, a callable whose state is
/// plain bytes (numbers, enums and arrays of them: no pointer, reference, `this` or view), or a plain struct.
template <class F>
inline constexpr bool is_shippable = (std::is_pointer_v<F> && std::is_function_v<std::remove_pointer_t<F>>) ||
                                     detail::is_plain_bytes<F>() || (std::is_class_v<F> && detail::is_walkable<F>());

}  // namespace shoal::inline v1
