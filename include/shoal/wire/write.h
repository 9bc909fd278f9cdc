#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <variant>

#include <shoal/base/members.h>
#include <shoal/base/shippable.h>
#include <shoal/wire/encoder.h>
#include <shoal/wire/layout.h>

/// The codec's walk that writes, to an Encoder or a Meter. Include shoal/wire/codec.h.
namespace shoal::inline v1::detail {

template <class Sink, class T>
void write(Sink& to, const T& value);

template <class Sink, class T>
void write_number(Sink& to, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    to.write_number(static_cast<std::uint8_t>(value));
  } else if constexpr (std::is_same_v<T, long double>) {
    to.write_bytes(&value, k_long_double_bytes);
  } else {
    to.write_number(value);
  }
}

/// Elements that may be empty get a byte each, or a count of them would not be bounded by the bytes that follow.
template <class Sink, class T>
void write_element(Sink& to, const T& value) {
  write(to, value);
  if constexpr (bytes_min<T>() == 0) to.write_number(std::uint8_t{0});
}

template <class Sink, class T>
void write_array(Sink& to, const T* elements, std::size_t count) {
  if constexpr (is_block<T>()) {
    to.align(alignof(T));
    to.write_bytes(elements, count * sizeof(T));
  } else {
    for (std::size_t i = 0; i < count; ++i) write(to, elements[i]);
  }
}

template <class Sink, class T>
void write_bits(Sink& to, const T& bits) {
  std::uint8_t byte = 0;
  unsigned place = 0;
  for (const bool bit : bits) {
    byte = static_cast<std::uint8_t>(byte | (bit ? 1u << place : 0u));
    if (++place < 8) continue;
    to.write_number(byte);
    byte = 0;
    place = 0;
  }
  if (place > 0) to.write_number(byte);
}

template <class Sink, class T>
void write_container(Sink& to, const T& container) {
  to.write_length(container.size());
  if constexpr (is_block_sequence<T>) {
    if (container.size() > 0) write_array(to, container.data(), container.size());
  } else if constexpr (is_bit_sequence<T>) {
    write_bits(to, container);
  } else {
    const typename Sink::Level level(to);
    for (const auto& element : container) {
      if constexpr (kind<T> == Kind::map) {
        write_element(to, element.first);
        write_element(to, element.second);
      } else {
        write_element(to, element);
      }
    }
  }
}

template <class Sink, class T>
void write_variant(Sink& to, const T& value) {
  if (value.valueless_by_exception()) throw_valueless();
  to.write_length(value.index());
  std::visit([&to](const auto& held) { write(to, held); }, value);
}

template <class Sink, class T>
void write_codec(Sink& to, const T& value) {
  if constexpr (std::is_same_v<Sink, Encoder>) {
    const Encoder::Level level(to);
    Codec<T>::encode(to, value);
  }
}

template <class Sink, class T>
void write(Sink& to, const T& value) {
  constexpr Kind is = kind<T>;
  static_assert(is != Kind::handle, "shoal: values of this type travel in datasets only, or specialise shoal::Codec");
  if constexpr (is == Kind::number || is == Kind::enumeration) {
    write_number(to, value);
  } else if constexpr (is == Kind::duration) {
    write(to, value.count());
  } else if constexpr (is == Kind::time_point) {
    write(to, value.time_since_epoch());
  } else if constexpr (is == Kind::c_array) {
    write_array(to, value, std::extent_v<T>);
  } else if constexpr (is == Kind::std_array) {
    write_array(to, value.data(), value.size());
  } else if constexpr (is == Kind::optional) {
    to.write_number(static_cast<std::uint8_t>(value.has_value()));
    if (value.has_value()) write(to, *value);
  } else if constexpr (is == Kind::sequence || is == Kind::set || is == Kind::map) {
    write_container(to, value);
  } else if constexpr (is == Kind::variant) {
    write_variant(to, value);
  } else if constexpr (is == Kind::tuple) {
    std::apply([&to](const auto&... member) { (write(to, member), ...); }, value);
  } else if constexpr (is == Kind::plain) {
    if constexpr (is_block<T>()) return to.write_bytes(&value, sizeof(T));
    members::apply(value, [&to](const auto&... member) { (write(to, member), ...); });
  } else if constexpr (is == Kind::codec) {
    write_codec(to, value);
  }
}

}  // namespace shoal::inline v1::detail
