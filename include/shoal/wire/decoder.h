#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include <shoal/base/ids.h>
#include <shoal/wire/encoder.h>
#include <shoal/wire/payload.h>

namespace shoal::inline v1 {

/// Reads what an Encoder wrote, for one value and one thread. Bytes may be anything: what they cannot mean makes it fail.
/// Then it stays failed, all it gives is zero or empty, and the value is not to be used.
class Decoder {
 public:
  /// `payload` outlives it. `context`: for Codecs whose values belong to something that the bytes cannot name.
  explicit Decoder(const Payload& payload, void* context = nullptr)
      : begin_(payload.data()), at_(begin_), end_(begin_ + payload.size()), payload_(&payload), context_(context) {}
  /// Of what was appended to a frame.
  explicit Decoder(std::span<const std::uint8_t> bytes)
      : begin_(bytes.data()), at_(begin_), end_(begin_ + bytes.size()) {}
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() = default;

  bool ok() const { return fault_ == nullptr; }
  /// Why it failed, in words; empty while ok().
  const char* fault() const { return ok() ? "" : fault_; }
  /// `fault` is a literal. The first one counts.
  void fail(const char* fault);
  /// Whether all went well and nothing is left; fails otherwise.
  bool finish();

  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  void* context() const { return context_; }

  template <class T>
  T read_number() {
    T number{};
    if (sizeof(T) > left()) [[unlikely]] {
      fail("it ends too early");
      return number;
    }
    std::memcpy(&number, at_, sizeof(T));
    at_ += sizeof(T);
    return number;
  }
  std::uint64_t read_length() {
    if (at_ != end_ && *at_ < 0x80) [[likely]]
      return *at_++;
    return read_long_length();
  }
  /// How many things of at least `bytes_each` bytes follow, which must fit into what is left. Precondition: not 0.
  std::size_t read_count(std::size_t bytes_each) {
    const std::uint64_t count = read_length();
    if (count > left() / bytes_each) [[unlikely]] {
      fail("a length exceeds what is left");
      return 0;
    }
    return static_cast<std::size_t>(count);
  }
  /// The next bytes, in place; null where there are not so many. Precondition: size is not 0.
  const std::uint8_t* read_bytes(std::size_t size) {
    if (size > left()) [[unlikely]] {
      fail("it ends too early");
      return nullptr;
    }
    const std::uint8_t* bytes = at_;
    at_ += size;
    return bytes;
  }
  /// Passes the zeros that Encoder::align() wrote.
  void align(std::size_t alignment) {
    std::size_t zeros = -static_cast<std::size_t>(at_ - begin_) & (alignment - 1);
    if (zeros > left()) [[unlikely]]
      return fail("it ends too early");
    for (; zeros > 0; --zeros) {
      if (*at_++ != 0) return fail("padding is not zero");
    }
  }

  ObjectId take_ref();
  SharedBytes take_part();
  /// The fewest bytes that a reference, or a part, has among the bytes.
  std::size_t ref_bytes_min() const { return payload_ == nullptr ? 20 : 1; }

  /// One level of nesting, while it lives. The decoder fails where the value is too deep.
  class Level {
   public:
    explicit Level(Decoder& decoder) : decoder_(decoder) {
      if (++decoder.depth_ > detail::k_depth_max) decoder.fail("it nests too deep");
    }
    ~Level() { --decoder_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Decoder& decoder_;
  };

 private:
  std::uint64_t read_long_length();

  const std::uint8_t* begin_;
  const std::uint8_t* at_;
  const std::uint8_t* end_;
  const Payload* payload_ = nullptr;  // whose refs and parts stand beside
  void* context_ = nullptr;
  const char* fault_ = nullptr;
  unsigned depth_ = 0;
};

}  // namespace shoal::inline v1
