#include <shoal/wire/encoder.h>

#include <shoal/base/error.h>
#include <shoal/wire/codec.h>

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

#include "wire/stored.h"

namespace shoal::inline v1 {

namespace detail {

void throw_too_deep() {
  throw_error(ErrorCode::invalid_argument, "a value that is to travel nests containers deeper than " +
                                               std::to_string(k_depth_max) + " levels; make it flatter");
}
void throw_valueless() {
  throw_error(ErrorCode::invalid_argument, "a variant that lost its value to an exception cannot travel");
}

}  // namespace detail

Encoder::Encoder(std::vector<std::uint8_t>& frame) : frame_(&frame) {
  const std::size_t before = frame.size();
  frame.resize(before + k_scratch);
  begin_ = at_ = frame.data() + before;
  end_ = begin_ + k_scratch;
}

void Encoder::grow(std::size_t more) {
  const std::size_t used = size();
  const std::size_t capacity = used + std::max(more, used);
  if (frame_ != nullptr) {
    const std::size_t before = static_cast<std::size_t>(begin_ - frame_->data());
    frame_->resize(before + capacity);
    begin_ = frame_->data() + before;
  } else {
    const std::size_t size = std::max(capacity, k_scratch);
    Payload larger = memory_ != nullptr && size >= detail::k_large_bytes ? Payload(size, *memory_) : Payload(size);
    std::memcpy(larger.data(), begin_, used);
    buffer_ = std::move(larger);
    begin_ = buffer_.data();
  }
  at_ = begin_ + used;
  end_ = begin_ + capacity;
}

Encoder::Beside& Encoder::beside() {
  if (beside_ == nullptr) beside_ = std::make_unique<Beside>();
  return *beside_;
}

void Encoder::add_ref(const ObjectId& id) {
  if (frame_ != nullptr) {
    write_number(id.owner);
    write_number(id.n);
    write_number(id.index);
  } else {
    write_length(beside().refs.size());
    beside().refs.push_back(id);
  }
}

void Encoder::add_part(SharedBytes part) {
  if (frame_ != nullptr && part.stored != nullptr) {
    write_length(1);
    encode(*this, part.stored->at());
  } else if (frame_ != nullptr) {
    write_length(std::uint64_t{part.bytes.size()} << 1);
    write_bytes(part.bytes.data(), part.bytes.size());
  } else {
    write_length(beside().parts.size());
    beside().parts.push_back(std::move(part));
  }
}

Payload Encoder::finish() {
  assert(frame_ == nullptr);
  Payload payload;
  const std::size_t used = size();
  // Payloads live long: what types with a Codec made too large is not kept, but where the end is used for something else.
  const bool is_trimmed = memory_ != nullptr && used >= detail::k_large_bytes;
  if (buffer_.size() == 0 || (!is_trimmed && used < buffer_.size() - buffer_.size() / 8)) {
    payload = Payload(used);
    std::memcpy(payload.data(), begin_, used);
  } else {
    payload = std::move(buffer_);
    payload.shrink(used);
  }
  if (beside_ != nullptr) payload.set_beside(std::move(beside_->refs), std::move(beside_->parts));
  return payload;
}

void Encoder::finish_frame() {
  assert(frame_ != nullptr);
  frame_->resize(static_cast<std::size_t>(at_ - frame_->data()));
}

}  // namespace shoal::inline v1
