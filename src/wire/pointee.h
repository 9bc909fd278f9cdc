#pragma once

#include <shoal/wire/codec.h>

#include <cstddef>
#include <memory>
#include <utility>

namespace shoal::inline v1 {

/// What messages share in one process and send as its value: null as an empty one, and never null where it is read.
template <class T>
struct Codec<std::shared_ptr<const T>> {
  static constexpr std::size_t k_bytes_min = detail::bytes_min<T>();
  static void encode(Encoder& to, const std::shared_ptr<const T>& value) {
    static const T empty{};
    shoal::encode(to, value != nullptr ? *value : empty);
  }
  static void decode(Decoder& from, std::shared_ptr<const T>& value) {
    auto made = std::make_shared<T>();
    shoal::decode(from, *made);
    value = std::move(made);
  }
};

}  // namespace shoal::inline v1
