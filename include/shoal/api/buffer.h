#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include <shoal/api/get.h>
#include <shoal/api/ref.h>
#include <shoal/wire/codec.h>

namespace shoal::inline v1 {

/// Bytes that never change; copies share them. As an argument, a result or a member of a value they are not copied on their
/// way. The first byte stands at a multiple of 64. Threads may read it at once.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(SharedBytes bytes) : bytes_(std::move(bytes)) {}

  std::size_t size() const { return bytes_.bytes.size(); }
  const std::uint8_t* data() const { return bytes_.bytes.data(); }
  std::span<const std::uint8_t> bytes() const { return bytes_.bytes; }
  const SharedBytes& shared() const { return bytes_; }

 private:
  SharedBytes bytes_;
};

/// A buffer that is being written, by one owner. Sealed by put(), or by finish().
class MutableBuffer {
 public:
  MutableBuffer(MutableBuffer&&) noexcept = default;
  MutableBuffer& operator=(MutableBuffer&&) noexcept = default;

  std::size_t size() const { return bytes_.size(); }
  std::uint8_t* data() { return bytes_.data(); }
  std::span<std::uint8_t> bytes() { return bytes_; }
  /// As memcpy() to `at`, and for large parts of new memory faster, since the system need not clear its pages first.
  /// Precondition: at + from.size() <= size().
  void write(std::size_t at, std::span<const std::uint8_t> from);
  /// The buffer; this one is empty afterwards.
  Buffer finish() && {
    const std::span<const std::uint8_t> bytes = std::exchange(bytes_, {});
    return Buffer({std::move(holder_), bytes});
  }

 private:
  friend MutableBuffer create_buffer_for_overwrite(std::size_t bytes);
  MutableBuffer(std::shared_ptr<void> holder, std::span<std::uint8_t> bytes, LargeMemory* memory)
      : holder_(std::move(holder)), memory_(memory), bytes_(bytes) {}

  std::shared_ptr<void> holder_;
  LargeMemory* memory_;  // which the holder keeps; null = the program's own
  std::span<std::uint8_t> bytes_;
};

/// So many bytes to be written in place, all 0 at first; then put() makes an object of them without a copy.
MutableBuffer create_buffer(std::size_t bytes);
/// The same for whoever writes all of them: of undefined content at first, which saves a pass over the memory.
MutableBuffer create_buffer_for_overwrite(std::size_t bytes);

/// As a part, which is not copied.
template <>
struct Codec<Buffer> {
  static constexpr std::size_t k_bytes_min = 1;
  static void encode(Encoder& to, const Buffer& buffer) { to.add_part(buffer.shared()); }
  static void decode(Decoder& from, Buffer& buffer) { buffer = Buffer(from.take_part()); }
};

inline Ref<Buffer> put(MutableBuffer buffer) { return put(std::move(buffer).finish()); }

}  // namespace shoal::inline v1
