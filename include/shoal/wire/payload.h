#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <shoal/base/ids.h>

namespace shoal::inline v1 {

/// Immutable bytes whose holder may be anything: a block of a store, an Arrow buffer, a string.
struct SharedBytes {
  std::shared_ptr<const void> holder;
  std::span<const std::uint8_t> bytes;
};

/// An encoded value: its bytes, the references that stand in it, and large parts that travel beside the bytes without
/// being copied. Never changes once it was handed on; a copy shares what is large. Threads may read it at once.
class Payload {
 public:
  static constexpr std::size_t k_inline_max = 40;  ///< Bytes that need no allocation.
  static constexpr std::size_t k_alignment = 64;   ///< Of the first byte of longer ones; 8 of the others.

  Payload() = default;
  /// Room for `size` bytes, to be written through data() before the payload is handed on.
  explicit Payload(std::size_t size) : size_(size) {
    if (is_long()) allocate();
  }
  Payload(const Payload& other);
  Payload(Payload&& other) noexcept
      : size_(std::exchange(other.size_, 0)), beside_(std::exchange(other.beside_, nullptr)) {
    std::memcpy(inline_, other.inline_, k_inline_max);
  }
  Payload& operator=(Payload other) noexcept;
  ~Payload() {
    if (is_long() || beside_ != nullptr) release();
  }

  std::size_t size() const { return size_; }
  std::span<const std::uint8_t> bytes() const { return {data(), size_}; }
  const std::uint8_t* data() const { return is_long() ? long_ : inline_; }
  std::uint8_t* data() { return is_long() ? long_ : inline_; }

  /// References and parts, in the order in which they stand in the value.
  std::span<const ObjectId> refs() const;
  std::span<const SharedBytes> parts() const;
  /// Precondition: not handed on yet.
  void set_beside(std::vector<ObjectId> refs, std::vector<SharedBytes> parts);
  /// Keeps the first `size` bytes, and the memory of all. Precondition: not handed on yet, and not larger than it is.
  void shrink(std::size_t size);

  /// Bytes and parts together.
  std::size_t total_bytes() const;

 private:
  struct Beside;

  bool is_long() const { return size_ > k_inline_max; }
  void allocate();
  void release();

  std::size_t size_ = 0;
  union {
    alignas(8) std::uint8_t inline_[k_inline_max];
    std::uint8_t* long_;  // behind a count of the payloads that share it
  };
  Beside* beside_ = nullptr;  // shared likewise; null = neither refs nor parts
};

}  // namespace shoal::inline v1
