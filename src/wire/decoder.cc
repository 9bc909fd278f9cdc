#include <shoal/wire/decoder.h>

#include <shoal/wire/codec.h>

#include <memory>
#include <utility>

#include "wire/stored.h"

namespace shoal::inline v1 {

void Decoder::fail(const char* fault) {
  if (fault_ == nullptr) fault_ = fault;
  at_ = end_;
}

bool Decoder::finish() {
  if (ok() && left() != 0) fail("bytes are left over");
  return ok();
}

std::uint64_t Decoder::read_long_length() {
  std::uint64_t n = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (at_ == end_) {
      fail("it ends too early");
      return 0;
    }
    const std::uint64_t byte = *at_++;
    n |= (byte & 0x7f) << shift;
    if (byte >= 0x80) continue;
    // One spelling for each number: equal values have equal bytes, and the other way round.
    if ((byte == 0 && shift > 0) || (shift == 63 && byte > 1)) break;
    return n;
  }
  fail("a length is misspelt");
  return 0;
}

ObjectId Decoder::take_ref() {
  ObjectId id;
  if (payload_ == nullptr) {
    id.owner = read_number<ProcessId>();
    id.n = read_number<std::uint64_t>();
    id.index = read_number<std::uint32_t>();
    return ok() ? id : ObjectId();
  }
  const std::uint64_t place = read_length();
  if (ok() && place < payload_->refs().size()) return payload_->refs()[place];
  fail("a reference is not beside it");
  return id;
}

SharedBytes Decoder::take_part() {
  if (payload_ != nullptr) {
    const std::uint64_t place = read_length();
    if (ok() && place < payload_->parts().size()) return payload_->parts()[place];
    fail("a part is not beside it");
    return {};
  }
  const std::uint64_t head = read_length();
  if (head == 1) {
    wire::StoredAt at;
    decode(*this, at);
    return ok() ? SharedBytes{nullptr, {}, std::make_shared<wire::StoredObject>(at)} : SharedBytes();
  }
  const std::uint64_t size = head >> 1;
  if ((head & 1) != 0 || size > left()) {
    fail("a length exceeds what is left");
    return {};
  }
  if (size == 0) return {};
  auto copy = std::make_shared<Payload>(size);  // for its alignment
  std::memcpy(copy->data(), read_bytes(size), size);
  const std::span<const std::uint8_t> bytes = copy->bytes();
  return {.holder = std::move(copy), .bytes = bytes};
}

}  // namespace shoal::inline v1
