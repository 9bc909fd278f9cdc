#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace shoal::data::inline v1::detail {

/// What one value of a column or one element of a tensor is.
enum class DType : std::uint8_t {
  // clang-format off
  boolean, int8, uint8, int16, uint16, int32, uint32, int64, uint64, float32, float64,
  string, binary,
  // clang-format on
  other,  ///< Anything else that Arrow knows; it passes through, but has no C++ type here.
};

/// "float32", "string"
std::string_view to_string(DType type);
/// Bytes of one number; 0 for strings and the rest.
std::size_t width(DType type);

template <class T>
consteval DType number_dtype() {
  if constexpr (std::is_same_v<T, bool>) {
    return DType::boolean;
  } else if constexpr (std::is_floating_point_v<T>) {
    return sizeof(T) == 4 ? DType::float32 : sizeof(T) == 8 ? DType::float64 : DType::other;
  } else if constexpr (std::is_integral_v<T>) {
    constexpr DType k_signed[] = {DType::int8, DType::int16, DType::int32, DType::int64};
    constexpr DType k_unsigned[] = {DType::uint8, DType::uint16, DType::uint32, DType::uint64};
    constexpr int log2 = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
    return sizeof(T) > 8 ? DType::other : std::is_signed_v<T> ? k_signed[log2] : k_unsigned[log2];
  } else {
    return DType::other;
  }
}

/// The dtype of a number; `other` for types that are none, `long double` included.
template <class T>
inline constexpr DType dtype_of = number_dtype<T>();

/// What a tensor can hold: numbers of 1, 2, 4 or 8 bytes, not bool.
template <class T>
concept TensorElement = dtype_of<std::remove_const_t<T>> != DType::other &&
                        !std::is_same_v<std::remove_const_t<T>, bool>;

}  // namespace shoal::data::inline v1::detail
