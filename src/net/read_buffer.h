#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

namespace shoal::net {

/// Bytes of a stream that have come and wait to be understood, in one piece of memory that is used again.
class ReadBuffer {
 public:
  std::span<const std::uint8_t> bytes() const { return {memory_.get() + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }

  /// Where the next ones go: at least `least` of them, and little more is allocated.
  std::span<std::uint8_t> room(std::size_t least) {
    if (capacity_ - end_ < least) make_room(least);
    return {memory_.get() + end_, capacity_ - end_};
  }
  void add(std::size_t count) {
    assert(count <= capacity_ - end_);
    end_ += count;
  }
  void consume(std::size_t count) {
    assert(count <= size());
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  /// Gives memory back where it is empty and larger than this.
  void shrink(std::size_t kept) {
    if (size() == 0 && capacity_ > kept) *this = ReadBuffer();
  }

 private:
  static constexpr std::size_t k_step = std::size_t{64} << 10;

  void make_room(std::size_t least) {
    const std::size_t kept = size();
    if (capacity_ >= kept + least) {
      std::memmove(memory_.get(), memory_.get() + begin_, kept);
    } else {
      // Not filled with zeros: pages that no byte comes for are never touched.
      // A little more, so that the begin of a frame left over does not make it grow each time.
      const std::size_t capacity = (kept + least + k_step) / k_step * k_step;
      auto larger = std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
      if (kept > 0) std::memcpy(larger.get(), memory_.get() + begin_, kept);
      memory_ = std::move(larger);
      capacity_ = capacity;
    }
    begin_ = 0;
    end_ = kept;
  }

  std::unique_ptr<std::uint8_t[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace shoal::net
