#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include <shoal/base/shippable.h>
#include <shoal/wire/codec.h>

/// How callables travel that is_shippable (shoal/base/shippable.h): to processes that run the same build.
namespace shoal::inline v1::detail {

/// Code, as its address in its module. Throws InvalidArgument for null, Unsupported where the module has no build id.
void encode_code(Encoder& to, const void* code);
/// The same code in this process; null where the decoder failed. Throws NotFound where no such build is loaded,
/// CorruptData where the address is not in its code.
const void* decode_code(Decoder& from);

template <class F>
void encode_callable(Encoder& to, const F& f) {
  if constexpr (std::is_pointer_v<F>) {
    encode_code(to, reinterpret_cast<const void*>(f));
  } else if constexpr (std::is_empty_v<F>) {
    // its type says all
  } else if constexpr (is_plain_bytes<F>()) {
    to.write_bytes(&f, sizeof f);
  } else {
    encode(to, f);
  }
}

/// Not to be called where the decoder failed.
template <class F>
F decode_callable(Decoder& from) {
  if constexpr (std::is_pointer_v<F>) {
    return reinterpret_cast<F>(const_cast<void*>(decode_code(from)));
  } else if constexpr (is_plain_bytes<F>()) {
    std::array<unsigned char, sizeof(F)> bytes{};
    if constexpr (!std::is_empty_v<F>) {
      if (const std::uint8_t* at = from.read_bytes(sizeof(F))) std::memcpy(bytes.data(), at, sizeof(F));
    }
    return std::bit_cast<F>(bytes);
  } else {
    F f{};
    decode(from, f);
    return f;
  }
}

}  // namespace shoal::inline v1::detail
