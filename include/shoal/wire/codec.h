#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>

#include <shoal/base/shippable.h>
#include <shoal/base/type_name.h>
#include <shoal/wire/decoder.h>
#include <shoal/wire/encoder.h>
#include <shoal/wire/payload.h>
#include <shoal/wire/read.h>
#include <shoal/wire/write.h>

/// Values as bytes, for what is_serialisable says (shoal/base/shippable.h): what tasks take and give, and what processes
/// say to each other. The format: members one after the other without padding; numbers in their own width, little
/// endian; counts before what they count, as Encoder::write_length() writes them; an array of plain numbers, or of
/// structs of them without padding, as one block at a multiple of its element's alignment; bool, optional and the index
/// of a variant checked when they are read. Equal values give equal bytes, unordered containers excepted.
namespace shoal::inline v1 {

namespace detail {

/// `Unfit` stands in a value and cannot travel.
template <class Unfit>
consteval bool refuse() {
  constexpr bool is_made_without_arguments = !has_codec<Unfit> || std::is_default_constructible_v<Unfit>;
  static_assert(is_made_without_arguments,
                "shoal: a type with a Codec is read into a value made without arguments; give it such a constructor");
  static_assert(!is_made_without_arguments || is_walkable<Unfit>(),
                "shoal: values with this type in them cannot travel. Use numbers, enums, strings, standard containers, "
                "optional, variant, tuple, chrono and plain structs of them, no pointers or views; for a class of your "
                "own specialise shoal::Codec before its first use");
  return false;
}

template <class T>
consteval bool travels() {
  if constexpr (is_serialisable<T>) {
    return true;
  } else {
    return refuse<typename decltype(find_unfit<T>())::type>();
  }
}

[[noreturn]] void throw_undecodable(std::string_view type, const Payload& payload, const Decoder& decoder);

}  // namespace detail

/// Writes `value` behind what was written before. Throws InvalidArgument where it cannot travel as it is (too deep, or a
/// variant without a value).
template <class T>
void encode(Encoder& to, const T& value) {
  if constexpr (detail::travels<T>()) detail::write(to, value);
}

/// Reads what encode() wrote. `value` is default-constructed; it is of use only if from.ok() holds afterwards.
template <class T>
void decode(Decoder& from, T& value) {
  if constexpr (detail::travels<T>()) detail::read(from, value);
}

/// `value` alone, in `memory` where it is large and there is any. Throws as encode(), and what LargeMemory throws.
template <class T>
Payload to_payload(const T& value, LargeMemory* memory = nullptr) {
  if constexpr (detail::travels<T>()) {
    detail::Meter meter;
    detail::write(meter, value);
    Encoder encoder(meter.size(), memory);
    detail::write(encoder, value);
    return encoder.finish();
  } else {
    return {};
  }
}

/// The value that to_payload() was given, which was of the same type. Throws CorruptData where the bytes are of no such
/// value. `context`: see Decoder.
template <class T>
T from_payload(const Payload& payload, void* context = nullptr) {
  if constexpr (detail::travels<T>()) {
    T value{};
    Decoder decoder(payload, context);
    detail::read(decoder, value);
    if (!decoder.finish()) detail::throw_undecodable(full_type_name<T>(), payload, decoder);
    return value;
  } else {
    __builtin_unreachable();
  }
}

/// A part: not copied where it becomes a payload, nor where it is read from one.
template <>
struct Codec<SharedBytes> {
  static constexpr std::size_t k_bytes_min = 1;
  static void encode(Encoder& to, const SharedBytes& value) { to.add_part(value); }
  static void decode(Decoder& from, SharedBytes& value) { value = from.take_part(); }
};

/// A payload in another: the other has its references and parts too.
template <>
struct Codec<Payload> {
  static constexpr std::size_t k_bytes_min = 3;
  static void encode(Encoder& to, const Payload& value);
  static void decode(Decoder& from, Payload& value);
};

}  // namespace shoal::inline v1
