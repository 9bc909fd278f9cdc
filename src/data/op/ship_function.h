#pragma once

#include <cstddef>
#include <memory>

#include <shoal/data/function.h>
#include <shoal/wire/codec.h>

namespace shoal::data {

/// A user function among the values that ship_as() takes: code that makes its spec, and what that is made of.
struct ShippedFunction {
  std::shared_ptr<const detail::FunctionSpec> spec{};  ///< With encode() and decode().
};

}  // namespace shoal::data

namespace shoal::inline v1 {

/// Reading calls code of this build that the bytes name, as with a task's function: they are from this very program.
template <>
struct Codec<data::ShippedFunction> {
  static constexpr std::size_t k_bytes_min = 16;
  static void encode(Encoder& to, const data::ShippedFunction& function);
  static void decode(Decoder& from, data::ShippedFunction& function);
};

}  // namespace shoal::inline v1
