#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include <shoal/base/members.h>
#include <shoal/base/shippable.h>
#include <shoal/data/dtype.h>
#include <shoal/data/row.h>
#include <shoal/data/tensor.h>

/// Which types can be rows and columns, and what is said of those that cannot.
namespace shoal::data::inline v1::detail {

template <class T>
inline constexpr bool is_tensor_view = false;
template <class T>
inline constexpr bool is_tensor_view<TensorView<const T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;

/// Arrays of numbers as members: a column of tensors of one dimension and one shape.
template <class T>
inline constexpr std::int64_t array_items = 0;
template <TensorElement T, std::size_t N>
inline constexpr std::int64_t array_items<std::array<T, N>> = static_cast<std::int64_t>(N);
template <class T>
concept NumberArray = array_items<T> != 0;

template <class T>
concept Number = dtype_of<T> != DType::other || std::is_enum_v<T>;

/// What a number is stored as: itself, or an enum's integer.
template <class T>
struct StoredNumber {
  using type = T;
};
template <class T>
  requires std::is_enum_v<T>
struct StoredNumber<T> {
  using type = std::underlying_type_t<T>;
};

/// std::chrono's points in time (UTC) and durations of whole s, ms, us or ns in 64 bits.
template <class T>
consteval bool is_time() {
  if constexpr (shoal::detail::TimePoint<T>) {
    return is_time<typename T::duration>();
  } else if constexpr (shoal::detail::Duration<T>) {
    constexpr auto ticks = T::period::den;
    return std::is_integral_v<typename T::rep> && sizeof(typename T::rep) == 8 && T::period::num == 1 &&
           (ticks == 1 || ticks == 1'000 || ticks == 1'000'000 || ticks == 1'000'000'000);
  } else {
    return false;
  }
}
template <class T>
concept Time = is_time<T>();

template <class T>
consteval bool is_column();

template <class T>
struct AllColumns;
template <class... T>
struct AllColumns<members::Types<T...>> {
  static constexpr bool value = (is_column<T>() && ...);
};

/// Whether a value of T can stand in a column.
template <class T>
consteval bool is_column() {
  if constexpr (std::is_const_v<T>) {
    return false;
  } else if constexpr (Number<T> || Text<T> || Time<T> || std::is_same_v<T, Bytes> || is_tensor<T> ||
                       is_tensor_view<T> || NumberArray<T>) {
    return true;
  } else if constexpr (is_optional<T> || is_vector<T>) {
    return !is_optional<typename T::value_type> && is_column<typename T::value_type>();
  } else if constexpr (members::is_plain_struct<T>()) {
    return members::count<T> != 0 && AllColumns<members::TypesOf<T>>::value;
  } else {
    return false;
  }
}

/// A row of one unnamed value, as from_items({1, 2, 3}) makes: column "item".
template <class T>
concept ScalarRow = Number<T> || Text<T> || is_tensor<T>;
template <class T>
concept StructRow = members::is_plain_struct<T>() && !Time<T> && !NumberArray<T>;

/// Whether T can be a row.
template <class T>
consteval bool is_row() {
  if constexpr (std::is_same_v<T, Row>) {
    return true;
  } else if constexpr (ScalarRow<T> || StructRow<T>) {
    return is_column<T>();
  } else {
    return false;
  }
}

/// How many of these types, from the first on, are columns.
template <class... T>
consteval std::size_t count_columns(members::Types<T...>) {
  std::size_t count = 0;
  static_cast<void>(((is_column<T>() && ++count != 0) && ...));
  return count;
}

template <std::size_t I, class List>
struct TypeAt;
template <std::size_t I, class... T>
struct TypeAt<I, members::Types<T...>> : std::tuple_element<I, std::tuple<T...>> {};

/// A member's name where compilers print it: as a template argument.
template <std::size_t Size>
struct MemberName {
  char text[Size + 1];
};
template <class T, std::size_t I>
consteval auto member_name() {
  MemberName<members::names<T>[I].size()> name{};
  std::copy(members::names<T>[I].begin(), members::names<T>[I].end(), name.text);
  return name;
}

/// The first member of a struct that keeps it from being a row; a harmless one where there is none.
template <class T>
struct Misfit {
  static constexpr bool k_found = false;
  static constexpr MemberName<0> k_name{};
  using Member = bool;
};
template <StructRow T>
  requires(!is_row<T>() && members::count<T> != 0)
struct Misfit<T> {
  static constexpr bool k_found = true;
  static constexpr std::size_t k_at = count_columns(members::TypesOf<T>{});
  static constexpr auto k_name = member_name<T, k_at>();
  using Member = typename TypeAt<k_at, members::TypesOf<T>>::type;
};

// What static_assert is given, with arguments for the compiler to print: which member of which struct it is.
template <class Struct, auto Name, class Member>
inline constexpr bool is_changeable_member = !std::is_const_v<Member>;
template <class Struct, auto Name, class Member>
inline constexpr bool is_column_member = std::is_const_v<Member> || is_column<Member>();

/// Does not compile unless T can be a row. To be called by what a program calls: each call in between makes what the
/// compiler says longer.
template <class T>
consteval void require_row() {
  using Wrong = Misfit<T>;
  static_assert(Wrong::k_found || is_row<T>(),
                "shoal: a row is a plain struct (no bases, constructors, virtual functions or private members, 1 to 64 "
                "members that each have a default), sd::Row, or one number, text or tensor");
  static_assert(is_changeable_member<T, Wrong::k_name, typename Wrong::Member>,
                "shoal: a member of a row must not be const, because it is read into");
  static_assert(is_column_member<T, Wrong::k_name, typename Wrong::Member>,
                "shoal: every member of a row must be a column: a number, bool, enum, std::string, std::string_view, "
                "chrono time, sd::Bytes, sd::Tensor, std::array of numbers, a plain struct of them, or std::vector or "
                "std::optional of one of them");
}

template <class T>
consteval bool has_views();

template <class T>
struct AnyViews;
template <class... T>
struct AnyViews<members::Types<T...>> {
  static constexpr bool value = (has_views<T>() || ...);
};

/// Whether a value of T refers to text that its block owns. Tensors and bytes keep their block alive themselves.
template <class T>
consteval bool has_views() {
  if constexpr (std::is_same_v<T, std::string_view>) {
    return true;
  } else if constexpr (Number<T> || Time<T> || std::is_same_v<T, Bytes> || is_tensor<T> || is_tensor_view<T> ||
                       NumberArray<T>) {
    return false;
  } else if constexpr (is_optional<T> || is_vector<T>) {
    return has_views<typename T::value_type>();
  } else if constexpr (members::is_plain_struct<T>()) {
    return AnyViews<members::TypesOf<T>>::value;
  } else {
    return false;
  }
}

}  // namespace shoal::data::inline v1::detail
