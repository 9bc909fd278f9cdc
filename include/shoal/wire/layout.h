#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tuple>
#include <type_traits>

#include <shoal/base/members.h>
#include <shoal/base/shippable.h>

/// How the types that the codec walks stand on the wire. Include shoal/wire/codec.h.
namespace shoal::inline v1 {

/// How many enumerators an enumeration has that counts them from 0; the codec refuses others then. 0 = any number of its
/// underlying type is a value. Specialise it next to the enumeration.
template <class E>
inline constexpr std::uint64_t enum_values = 0;

namespace detail {

template <class T>
consteval bool is_block();

template <class... M>
consteval bool is_block_of(members::Types<M...>, std::size_t size) {
  return (is_block<M>() && ...) && (std::size_t{0} + ... + sizeof(M)) == size;
}

/// Whether all bytes of a T are its value, and any bytes are a value: copied as they are.
template <class T>
consteval bool is_block() {
  constexpr Kind is = kind<T>;
  if constexpr (is == Kind::number) {
    return !std::is_same_v<T, bool> && !std::is_same_v<T, long double>;
  } else if constexpr (is == Kind::enumeration) {
    return enum_values<T> == 0 && !std::is_same_v<std::underlying_type_t<T>, bool>;
  } else if constexpr (is == Kind::c_array) {
    return is_block<std::remove_extent_t<T>>();
  } else if constexpr (is == Kind::std_array) {
    return std::tuple_size_v<T> > 0 && is_block<typename T::value_type>();
  } else if constexpr (is == Kind::plain && std::is_trivially_copyable_v<T> && !std::is_empty_v<T>) {
    return is_block_of(members::TypesOf<T>{}, sizeof(T));
  } else {
    return false;
  }
}

inline constexpr std::size_t k_long_double_bytes = std::numeric_limits<long double>::digits == 64 ? 10
                                                                                                  : sizeof(long double);

template <class T>
consteval std::size_t bytes_min();

template <template <class...> class List, class... T>
consteval std::size_t bytes_min_of(const List<T...>*) {
  return (std::size_t{0} + ... + bytes_min<T>());
}

/// The fewest bytes that a T can have: what lengths are checked with.
template <class T>
consteval std::size_t bytes_min() {
  constexpr Kind is = kind<T>;
  if constexpr (std::is_same_v<T, long double>) {
    return k_long_double_bytes;
  } else if constexpr (is == Kind::number || is == Kind::enumeration) {
    return sizeof(T);
  } else if constexpr (is == Kind::duration) {
    return bytes_min<typename T::rep>();
  } else if constexpr (is == Kind::time_point) {
    return bytes_min<typename T::duration>();
  } else if constexpr (is == Kind::c_array) {
    return std::extent_v<T> * bytes_min<std::remove_extent_t<T>>();
  } else if constexpr (is == Kind::std_array) {
    return std::tuple_size_v<T> * bytes_min<typename T::value_type>();
  } else if constexpr (is == Kind::tuple) {
    return bytes_min_of(static_cast<const T*>(nullptr));
  } else if constexpr (is == Kind::plain) {
    return bytes_min_of(static_cast<const members::TypesOf<T>*>(nullptr));
  } else if constexpr (requires { Codec<T>::k_bytes_min; }) {
    return Codec<T>::k_bytes_min;
  } else {
    return is == Kind::codec ? 0 : 1;
  }
}

/// A sequence whose elements stand in memory as they stand on the wire.
template <class T>
inline constexpr bool is_block_sequence = requires(T& t) {
  { t.data() } -> std::same_as<typename T::value_type*>;
} && is_block<typename T::value_type>();

/// std::vector<bool> among them: eight to a byte.
template <class T>
inline constexpr bool is_bit_sequence = std::is_same_v<typename T::value_type, bool> && !requires(T& t) { t.data(); };

// --- For messages of the compiler.

template <class T, class... Above>
consteval auto find_unfit();

template <template <class...> class List, class... M, class... Above>
consteval auto find_unfit_member(const List<M...>*, members::Types<Above...>) {
  constexpr std::size_t place = [] {
    std::size_t at = 0;
    static_cast<void>(((is_walkable<M, Above...>() && ++at != 0) && ...));
    return at;
  }();
  return find_unfit<std::tuple_element_t<place, std::tuple<M...>>, Above...>();
}

/// The innermost type because of which T does not travel, as a std::type_identity. Precondition: it does not.
template <class T, class... Above>
consteval auto find_unfit() {
  constexpr Kind is = kind<T>;
  if constexpr (is == Kind::c_array) {
    return find_unfit<std::remove_extent_t<T>, Above...>();
  } else if constexpr (is == Kind::std_array || is == Kind::optional || is == Kind::sequence || is == Kind::set) {
    return find_unfit<typename T::value_type, Above...>();
  } else if constexpr (is == Kind::map) {
    return find_unfit_member(static_cast<members::Types<typename T::key_type, typename T::mapped_type>*>(nullptr),
                             members::Types<Above...>());
  } else if constexpr (is == Kind::variant || is == Kind::tuple) {
    return find_unfit_member(static_cast<T*>(nullptr), members::Types<Above...>());
  } else if constexpr (is == Kind::plain) {
    return find_unfit_member(static_cast<members::TypesOf<T>*>(nullptr), members::Types<T, Above...>());
  } else {
    return std::type_identity<T>();
  }
}

}  // namespace detail
}  // namespace shoal::inline v1
