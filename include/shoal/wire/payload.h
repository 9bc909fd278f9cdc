#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <shoal/base/ids.h>

namespace shoal::wire {
class StoredObject;
}

namespace shoal::inline v1 {

/// Immutable bytes whose holder may be anything: a block of a store, an Arrow buffer, a string.
struct SharedBytes {
  std::shared_ptr<const void> holder;
  std::span<const std::uint8_t> bytes;
  /// The object of the machine's store that these bytes are, all of it; null elsewhere. Where `bytes` are missing they have
  /// to be pinned first. What is passed to another process then is where it lies.
  std::shared_ptr<wire::StoredObject> stored{};

  std::size_t size() const { return stored == nullptr ? bytes.size() : stored_size(); }
  bool is_here() const { return stored == nullptr || bytes.data() != nullptr; }

 private:
  std::size_t stored_size() const;
};

/// Where values that are large are written, so that they need not be copied to become objects of a store. Threads may use
/// one at once.
class LargeMemory {
 public:
  struct Room {
    std::shared_ptr<void> holder;
    std::span<std::uint8_t> bytes;
  };
  virtual ~LargeMemory() = default;
  /// So many bytes, of undefined content, at a multiple of 64; waits where memory has to become free. Throws StoreFull,
  /// Cancelled, Error of the system.
  virtual Room allocate(std::size_t bytes) = 0;
  /// The same for whoever has other memory to go to: without a holder where it would have to wait for more than a moment.
  virtual Room try_allocate(std::size_t bytes) = 0;
  /// As memcpy() to somewhere in a room of allocate()'s, and faster where its pages are new. Precondition: the room is held.
  virtual void fill(std::uint8_t* to, std::span<const std::uint8_t> from) = 0;
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
  /// In this memory, unless the bytes are few.
  Payload(std::size_t size, LargeMemory& memory);
  /// One whose bytes are these. Precondition: more than k_inline_max.
  explicit Payload(SharedBytes bytes);
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
  const std::uint8_t* data() const { return is_long() ? long_.data : inline_; }
  std::uint8_t* data() { return is_long() ? long_.data : inline_; }

  /// References and parts, in the order in which they stand in the value.
  std::span<const ObjectId> refs() const;
  std::span<const SharedBytes> parts() const;
  /// Precondition: not handed on yet.
  void set_beside(std::vector<ObjectId> refs, std::vector<SharedBytes> parts);
  /// Keeps the first `size` bytes, and the memory of all. Precondition: not handed on yet, and not larger than it is.
  void shrink(std::size_t size);

  /// Bytes and parts together, wherever they are.
  std::size_t total_bytes() const;
  /// Those that travel with it: what lies in a store does not.
  std::size_t carried_bytes() const;

  /// Whether nothing of it has to be pinned before it can be read.
  bool is_here() const;
  /// Its bytes as a part would be; without a holder where they are the payload's own.
  SharedBytes block() const;
  /// The same value with other holders: of its bytes, unless that has none, and of its parts, as many as it has.
  Payload with(SharedBytes block, std::vector<SharedBytes> parts) const;

 private:
  struct Beside;
  struct Body;
  struct Long {
    std::uint8_t* data;
    Body* body;  // shared by all payloads of these bytes
  };

  bool is_long() const { return size_ > k_inline_max; }
  void allocate();
  void refer_to(SharedBytes bytes, std::uint8_t* data);
  void release();

  std::size_t size_ = 0;
  union {
    alignas(8) std::uint8_t inline_[k_inline_max];
    Long long_;
  };
  Beside* beside_ = nullptr;  // shared likewise; null = neither refs nor parts
};

}  // namespace shoal::inline v1
