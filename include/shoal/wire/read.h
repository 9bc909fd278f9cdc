#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <shoal/base/members.h>
#include <shoal/base/shippable.h>
#include <shoal/wire/decoder.h>
#include <shoal/wire/layout.h>

/// The codec's walk that reads. `value` is default-constructed, or what was read into it before. Include
/// shoal/wire/codec.h.
namespace shoal::inline v1::detail {

template <class T>
void read(Decoder& from, T& value);

template <class T>
void read_number(Decoder& from, T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    const auto byte = from.read_number<std::uint8_t>();
    if (byte > 1) from.fail("a bool is neither 0 nor 1");
    value = byte == 1;
  } else if constexpr (std::is_same_v<T, long double>) {
    value = 0;
    if (const std::uint8_t* bytes = from.read_bytes(k_long_double_bytes)) {
      std::memcpy(&value, bytes, k_long_double_bytes);
    }
  } else if constexpr (std::is_enum_v<T>) {
    std::underlying_type_t<T> number{};
    read_number(from, number);
    if (enum_values<T> != 0 && static_cast<std::uint64_t>(number) >= enum_values<T>) {
      from.fail("an enumeration has no such value");
      number = {};
    }
    value = static_cast<T>(number);
  } else {
    value = from.read_number<T>();
  }
}

template <class T>
void read_element(Decoder& from, T& value) {
  read(from, value);
  if constexpr (bytes_min<T>() == 0) {
    if (from.read_number<std::uint8_t>() != 0) from.fail("padding is not zero");
  }
}

template <class T>
void read_array(Decoder& from, T* elements, std::size_t count) {
  if constexpr (is_block<T>()) {
    from.align(alignof(T));
    if (const std::uint8_t* bytes = from.read_bytes(count * sizeof(T))) {
      std::memcpy(static_cast<void*>(elements), bytes, count * sizeof(T));
    }
  } else {
    for (std::size_t i = 0; i < count && from.ok(); ++i) read(from, elements[i]);
  }
}

template <class T>
void read_block_sequence(Decoder& from, T& sequence) {
  using Element = typename T::value_type;
  const std::size_t count = from.read_count(sizeof(Element));
  if (count == 0) return;
  from.align(alignof(Element));
  const std::uint8_t* bytes = from.read_bytes(count * sizeof(Element));
  if (bytes == nullptr) return;
  if constexpr (requires(const Element* p) { sequence.assign(p, p); }) {
    if (reinterpret_cast<std::uintptr_t>(bytes) % alignof(Element) == 0) {
      const auto* elements = reinterpret_cast<const Element*>(bytes);  // written once, without zeros before
      sequence.assign(elements, elements + count);
      return;
    }
  }
  sequence.resize(count);
  std::memcpy(static_cast<void*>(sequence.data()), bytes, count * sizeof(Element));
}

template <class T>
void read_bits(Decoder& from, T& bits) {
  const std::uint64_t count = from.read_length();
  if (count / 8 + (count % 8 != 0) > from.left()) return from.fail("a length exceeds what is left");
  if constexpr (requires { bits.reserve(count); }) bits.reserve(count);
  for (std::uint64_t at = 0; at < count; at += 8) {
    const unsigned byte = from.read_number<std::uint8_t>();
    const auto here = static_cast<unsigned>(count - at < 8 ? count - at : 8);
    for (unsigned place = 0; place < here; ++place) bits.push_back((byte >> place & 1) != 0);
    if (here < 8 && byte >> here != 0) from.fail("padding is not zero");
  }
}

/// Ordered containers are read in their order only: one spelling for each value. That a key stands twice shows in the
/// size.
template <class T>
bool is_in_order(const T& container, const typename T::key_type& key) {
  if constexpr (requires { container.key_comp(); }) {
    if (container.empty()) return true;
    const auto& last = *--container.end();
    if constexpr (kind<T> == Kind::map) return !container.key_comp()(key, last.first);
    else return !container.key_comp()(key, last);
  } else {
    return true;
  }
}

template <class T>
void read_container(Decoder& from, T& container) {
  using Element = typename T::value_type;
  const Decoder::Level level(from);
  constexpr std::size_t bytes_each = bytes_min<std::remove_const_t<Element>>();
  const std::size_t count = from.read_count(bytes_each == 0 ? 1 : bytes_each);
  // What a few bytes can claim to need is bounded: large elements are made as they come.
  if constexpr (sizeof(Element) <= 64 * (bytes_each + 1) && requires { container.reserve(count); }) {
    container.reserve(count);
  }
  for (std::size_t i = 0; i < count && from.ok(); ++i) {
    if constexpr (kind<T> == Kind::map) {
      typename T::key_type key{};
      typename T::mapped_type mapped{};
      read_element(from, key);
      read_element(from, mapped);
      if (!is_in_order(container, key)) return from.fail("keys are out of order");
      container.insert(container.end(), Element(std::move(key), std::move(mapped)));
    } else if constexpr (kind<T> == Kind::set) {
      Element key{};
      read_element(from, key);
      if (!is_in_order(container, key)) return from.fail("keys are out of order");
      container.insert(container.end(), std::move(key));
    } else if constexpr (requires { container.emplace_back(); }) {
      container.emplace_back();
      read_element(from, container.back());
    } else {
      Element element{};
      read_element(from, element);
      container.push_back(std::move(element));
    }
  }
  if (from.ok() && container.size() != count) from.fail("a key stands twice");
}

template <class T, std::size_t... I>
void read_variant(Decoder& from, T& value, std::index_sequence<I...>) {
  using Read = void (*)(Decoder&, T&);
  static constexpr Read k_alternatives[] = {
      [](Decoder& bytes, T& into) { read(bytes, into.template emplace<I>()); }...};
  const std::uint64_t index = from.read_length();
  if (index >= sizeof...(I)) return from.fail("a variant has no such alternative");
  k_alternatives[index](from, value);
}

template <class T>
void read_codec(Decoder& from, T& value) {
  const Decoder::Level level(from);
  Codec<T>::decode(from, value);
}

template <class T>
void read(Decoder& from, T& value) {
  constexpr Kind is = kind<T>;
  static_assert(is != Kind::handle, "shoal: values of this type travel in datasets only, or specialise shoal::Codec");
  if constexpr (is == Kind::number || is == Kind::enumeration) {
    read_number(from, value);
  } else if constexpr (is == Kind::duration) {
    typename T::rep count{};
    read(from, count);
    value = T(count);
  } else if constexpr (is == Kind::time_point) {
    typename T::duration since_epoch{};
    read(from, since_epoch);
    value = T(since_epoch);
  } else if constexpr (is == Kind::c_array) {
    read_array(from, value, std::extent_v<T>);
  } else if constexpr (is == Kind::std_array) {
    read_array(from, value.data(), value.size());
  } else if constexpr (is == Kind::optional) {
    bool there = false;
    read_number(from, there);
    value.reset();
    if (there) read(from, value.emplace());
  } else if constexpr (is == Kind::sequence || is == Kind::set || is == Kind::map) {
    value.clear();
    if constexpr (is_block_sequence<T>) {
      read_block_sequence(from, value);
    } else if constexpr (is_bit_sequence<T>) {
      read_bits(from, value);
    } else {
      read_container(from, value);
    }
  } else if constexpr (is == Kind::variant) {
    read_variant(from, value, std::make_index_sequence<std::variant_size_v<T>>());
  } else if constexpr (is == Kind::tuple) {
    std::apply([&from](auto&... member) { (read(from, member), ...); }, value);
  } else if constexpr (is == Kind::plain) {
    members::apply(value, [&from](auto&... member) { (read(from, member), ...); });
  } else if constexpr (is == Kind::codec) {
    read_codec(from, value);
  }
}

}  // namespace shoal::inline v1::detail
