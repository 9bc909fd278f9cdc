#include "net/write_queue.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <variant>

#include "net/limits.h"
#include "wire/frame.h"

namespace shoal::net {
namespace {

static_assert(std::variant_size_v<wire::Message> <= k_records_from);

void append_record(std::vector<std::uint8_t>& bytes, std::uint16_t type, std::uint64_t acknowledged) {
  const wire::FrameHeader header{.length = 0, .type = type, .flags = 0, .correlation = acknowledged};
  const auto* first = reinterpret_cast<const std::uint8_t*>(&header);
  bytes.insert(bytes.end(), first, first + sizeof header);
}

}  // namespace

Status WriteQueue::add(const Frame& frame) {
  const bool is_message = frame.header.kind == FrameKind::message;
  const wire::Attachment* const attached = is_message ? attachment_of(frame.message) : nullptr;
  const bool has_files = attached != nullptr && !attached->files.empty();
  std::vector<std::uint8_t>& bytes = chunk_for(is_message ? weight(frame.message) : 0, has_files);
  const std::size_t before = bytes.size();
  if (!is_message) {
    append_record(bytes, frame.header.kind == FrameKind::resume ? k_record_resume : k_record_acknowledge,
                  frame.header.acknowledged);
  } else {
    if (frame.header.acknowledged != acknowledged_) append_record(bytes, k_record_state, frame.header.acknowledged);
    if (Status status = wire::append_frame(bytes, frame.message, frame.header.sequence); !status.ok()) {
      bytes.resize(before);
      if (before == 0) chunks_.truncate(chunks_.size() - 1);
      return status;
    }
  }
  acknowledged_ = frame.header.acknowledged;
  if (has_files) chunks_.back().files = attached->files;
  ++chunks_.back().frames;
  ++frames_;
  bytes_ += bytes.size() - before;
  return {};
}

/// Where the next frame goes.
std::vector<std::uint8_t>& WriteQueue::chunk_for(std::size_t weight, bool begins) {
  const bool is_large = weight > k_chunk_bytes;
  if (chunks_.empty() || is_large || begins || chunks_.back().bytes.size() >= k_chunk_bytes) {
    Chunk chunk;
    if (!spare_.empty() && !is_large) {
      chunk.bytes = std::move(spare_.back());
      spare_.pop_back();
    }
    // What the codec adds to a large value is little; a second allocation would copy all of it.
    chunk.bytes.reserve(is_large ? weight + weight / 8 : k_chunk_bytes + k_chunk_bytes / 4);
    chunks_.push_back(std::move(chunk));
  }
  return chunks_.back().bytes;
}

std::size_t WriteQueue::front(std::span<iovec> into) {
  const std::size_t count = std::min(into.size(), chunks_.size());
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0 && !chunks_[i].files.empty()) return i;
    const std::size_t skipped = i == 0 ? written_ : 0;
    into[i] = {.iov_base = chunks_[i].bytes.data() + skipped, .iov_len = chunks_[i].bytes.size() - skipped};
  }
  return count;
}

std::span<const std::shared_ptr<const Fd>> WriteQueue::front_files() const {
  return chunks_.empty() ? std::span<const std::shared_ptr<const Fd>>() : chunks_[0].files;
}

void WriteQueue::on_written(std::size_t bytes) {
  bytes_ -= bytes;
  written_ += bytes;
  while (!chunks_.empty() && written_ >= chunks_.front().bytes.size()) {
    written_ -= chunks_.front().bytes.size();
    drop_front();
  }
  if (written_ > 0) chunks_[0].files.clear();
}

void WriteQueue::drop_front() {
  Chunk chunk = chunks_.pop_front();
  frames_ -= chunk.frames;
  if (chunk.bytes.capacity() > 4 * k_chunk_bytes || spare_.size() >= k_spare_chunks_max) return;
  chunk.bytes.clear();
  spare_.push_back(std::move(chunk.bytes));
}

void WriteQueue::clear() {
  chunks_.clear();
  spare_.clear();
  written_ = bytes_ = frames_ = 0;
}

}  // namespace shoal::net
