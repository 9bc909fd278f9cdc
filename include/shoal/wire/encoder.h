#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include <shoal/base/ids.h>
#include <shoal/wire/payload.h>

namespace shoal::inline v1 {

static_assert(std::endian::native == std::endian::little, "values are copied as they are: little endian machines only");

namespace detail {
/// How deep containers and types with a Codec may stand in each other: what is deeper would use up the stack.
inline constexpr unsigned k_depth_max = 200;
/// Bytes of a value, and parts of one, that are not fewer lie in the machine's store where there is one: below it, to copy
/// them through a socket costs no more than to ask where they are.
inline constexpr std::size_t k_large_bytes = std::size_t{64} << 10;
[[noreturn]] void throw_too_deep();
[[noreturn]] void throw_valueless();
}  // namespace detail

/// Writes a value as bytes, for one value and one thread; see shoal/wire/codec.h for who calls what. References and large
/// parts travel beside the bytes of a payload. In a frame, which has no beside, they stand among the bytes.
class Encoder {
 public:
  /// Makes a payload. `room`: how many bytes will come, if that is known; more is no error.
  /// `memory`: for what is large; it outlives this. Null = the program's own.
  explicit Encoder(std::size_t room = 0, LargeMemory* memory = nullptr)
      : begin_(scratch_), at_(scratch_), end_(scratch_ + k_scratch), memory_(memory) {
    if (room + k_length_bytes_max > k_scratch) grow(room + k_length_bytes_max);
  }
  /// Appends to `frame`, which keeps more behind the value until finish_frame().
  explicit Encoder(std::vector<std::uint8_t>& frame);
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;
  ~Encoder() = default;

  /// A number of fixed width.
  template <class T>
  void write_number(T number) {
    need(sizeof(T));
    std::memcpy(at_, &number, sizeof(T));
    at_ += sizeof(T);
  }
  /// A length, count or index: 1 byte below 128, at most 10.
  void write_length(std::uint64_t n) {
    need(k_length_bytes_max);
    while (n >= 0x80) {
      *at_++ = static_cast<std::uint8_t>(n | 0x80);
      n >>= 7;
    }
    *at_++ = static_cast<std::uint8_t>(n);
  }
  void write_bytes(const void* bytes, std::size_t size) {
    if (size == 0) return;
    need(size);
    if (memory_ != nullptr && size >= detail::k_large_bytes) [[unlikely]] {
      memory_->fill(at_, {static_cast<const std::uint8_t*>(bytes), size});  // it lies there, as it has become so large
    } else {
      std::memcpy(at_, bytes, size);
    }
    at_ += size;
  }
  /// Zeros up to a multiple of `alignment`, a power of two, as counted from the value's begin.
  void align(std::size_t alignment) {
    const std::size_t zeros = -size() & (alignment - 1);
    need(zeros);
    for (std::size_t i = 0; i < zeros; ++i) *at_++ = 0;
  }

  /// A reference: Decoder::take_ref() gives it back. Whoever has the payload sees it in refs().
  void add_ref(const ObjectId& id);
  /// Bytes that are not copied where the value becomes a payload: Decoder::take_part() gives them back.
  void add_part(SharedBytes part);

  /// Bytes written so far.
  std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }

  /// What was written. Call once, last; for encoders that make a payload.
  Payload finish();
  /// Cuts the frame behind what was written. Call once, last; for encoders that append.
  void finish_frame();

  /// One level of nesting, while it lives. Throws InvalidArgument where the value is too deep.
  class Level {
   public:
    explicit Level(Encoder& encoder) : encoder_(encoder) {
      if (++encoder.depth_ > detail::k_depth_max) detail::throw_too_deep();
    }
    ~Level() { --encoder_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Encoder& encoder_;
  };

 private:
  static constexpr std::size_t k_scratch = 256;  // most arguments and results
  static constexpr std::size_t k_length_bytes_max = 10;
  struct Beside {
    std::vector<ObjectId> refs;
    std::vector<SharedBytes> parts;
  };

  void need(std::size_t more) {
    if (more > static_cast<std::size_t>(end_ - at_)) [[unlikely]]
      grow(more);
  }
  void grow(std::size_t more);
  Beside& beside();

  std::uint8_t* begin_;
  std::uint8_t* at_;
  std::uint8_t* end_;
  LargeMemory* const memory_ = nullptr;
  std::vector<std::uint8_t>* const frame_ = nullptr;  // or a payload:
  Payload buffer_;                                    // once scratch_ was too small
  std::unique_ptr<Beside> beside_;                    // once there is any
  unsigned depth_ = 0;
  alignas(8) std::uint8_t scratch_[k_scratch];
};

namespace detail {

/// Counts the bytes that an encoder would write, types with a Codec left out.
class Meter {
 public:
  template <class T>
  void write_number(T) {
    size_ += sizeof(T);
  }
  void write_length(std::uint64_t n) { size_ += 1 + (std::bit_width(n | 1) - 1) / 7; }
  void write_bytes(const void*, std::size_t size) { size_ += size; }
  void align(std::size_t alignment) { size_ += -size_ & (alignment - 1); }
  std::size_t size() const { return size_; }

  /// As Encoder::Level.
  class Level {
   public:
    explicit Level(Meter& meter) : meter_(meter) {
      if (++meter.depth_ > k_depth_max) throw_too_deep();
    }
    ~Level() { --meter_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Meter& meter_;
  };

 private:
  std::size_t size_ = 0;
  unsigned depth_ = 0;
};

}  // namespace detail
}  // namespace shoal::inline v1
