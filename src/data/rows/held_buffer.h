#pragma once

#include <arrow/buffer.h>

#include <cstdint>
#include <span>
#include <utility>

#include <shoal/wire/payload.h>

namespace shoal::data {

/// Bytes that somebody else holds, as a buffer of Arrow's.
class HeldBuffer final : public arrow::Buffer {
 public:
  explicit HeldBuffer(SharedBytes whole) : HeldBuffer(whole, whole.bytes) {}
  /// A part of them.
  HeldBuffer(SharedBytes whole, std::span<const std::uint8_t> part)
      : arrow::Buffer(part.data(), static_cast<std::int64_t>(part.size())), whole_(std::move(whole)) {}

  const SharedBytes& whole() const { return whole_; }

 private:
  const SharedBytes whole_;
};

}  // namespace shoal::data
