#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/posix.h"
#include "base/status.h"
#include "net/frame.h"
#include "net/ring.h"

namespace shoal::net {

/// Types in a wire::FrameHeader that are no message's.
inline constexpr std::uint16_t k_records_from = 0xff00;
inline constexpr std::uint16_t k_record_state = 0xfffd;
inline constexpr std::uint16_t k_record_resume = 0xfffe;
inline constexpr std::uint16_t k_record_acknowledge = 0xffff;

/// Frames as bytes, until a socket takes them. What a session adds to a message (see frame.h) stands in the frame of the
/// wire or, where it changed, in a record of 16 bytes before it; both begin with a wire::FrameHeader:
///
///     type below 0xff00             a message; `correlation` is its sequence
///     state                         `correlation` is what the messages behind it acknowledge, 0 at the begin
///     resume, acknowledge           a frame of that kind; `correlation` as for `state`
///
/// Small frames stand behind each other in chunks, whose memory is used again; a large one has a chunk of its own. What is
/// attached to a message goes with the first byte of its frame, which begins a chunk.
class WriteQueue {
 public:
  /// Errors: invalid_argument where the message is too large to be sent; nothing was added then.
  Status add(const Frame& frame);

  bool empty() const { return chunks_.empty(); }
  std::size_t bytes() const { return bytes_; }
  /// Those of which something is left, give or take a chunk.
  std::size_t frames() const { return frames_; }

  /// The first bytes, in at most `into.size()` pieces; how many pieces.
  std::size_t front(std::span<iovec> into);
  /// What is to be sent with the first of them.
  std::span<const std::shared_ptr<const Fd>> front_files() const;
  void on_written(std::size_t bytes);
  void clear();

 private:
  struct Chunk {
    std::vector<std::uint8_t> bytes;
    std::size_t frames = 0;
    std::vector<std::shared_ptr<const Fd>> files{};  // until their byte is written
  };

  std::vector<std::uint8_t>& chunk_for(std::size_t weight, bool begins);
  void drop_front();

  Ring<Chunk> chunks_;
  std::vector<std::vector<std::uint8_t>> spare_;
  std::size_t written_ = 0;  // of the first chunk
  std::size_t bytes_ = 0;
  std::size_t frames_ = 0;
  std::uint64_t acknowledged_ = 0;  // as the reader knows it behind all this
};

}  // namespace shoal::net
