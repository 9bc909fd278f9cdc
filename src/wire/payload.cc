#include <shoal/wire/payload.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstring>
#include <new>
#include <utility>

#include "wire/stored.h"

namespace shoal::inline v1 {
namespace {

using Count = std::atomic<std::uint32_t>;

}  // namespace

/// The bytes of a long payload: behind it, in a line of the cache of their own, or somebody else's.
struct Payload::Body {
  Count count{1};
  SharedBytes others{};

  static constexpr std::align_val_t k_line{k_alignment};
  static Body* make(std::size_t bytes_behind) {
    return new (::operator new(k_alignment + bytes_behind, k_line)) Body();
  }
  std::uint8_t* behind() { return reinterpret_cast<std::uint8_t*>(this) + k_alignment; }
  void drop() {
    if (count.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
    this->~Body();
    ::operator delete(this, k_line);
  }
};

struct Payload::Beside {
  Count count{1};
  const std::vector<ObjectId> refs;
  const std::vector<SharedBytes> parts;
};

std::size_t SharedBytes::stored_size() const { return static_cast<std::size_t>(stored->bytes()); }

void Payload::allocate() {
  static_assert(sizeof(Body) <= k_alignment);
  Body* const body = Body::make(size_);
  long_ = {body->behind(), body};
}

void Payload::refer_to(SharedBytes bytes, std::uint8_t* data) {
  Body* const body = Body::make(0);
  body->others = std::move(bytes);
  long_ = {data, body};
}

Payload::Payload(std::size_t size, LargeMemory& memory) : size_(size) {
  if (!is_long()) return;
  LargeMemory::Room room = memory.allocate(size);
  std::uint8_t* const data = room.bytes.data();
  refer_to({std::move(room.holder), room.bytes}, data);
}

Payload::Payload(SharedBytes bytes) : size_(bytes.size()) {
  assert(is_long());
  // Nobody writes through it: the payload is handed on from the begin.
  auto* const data = const_cast<std::uint8_t*>(bytes.bytes.data());
  refer_to(std::move(bytes), data);
}

void Payload::release() {
  if (is_long()) long_.body->drop();
  if (beside_ != nullptr && beside_->count.fetch_sub(1, std::memory_order_acq_rel) == 1) delete beside_;
}

void Payload::shrink(std::size_t size) {
  assert(size <= size_);
  if (is_long() && size <= k_inline_max) {
    const Long bytes = long_;
    std::memcpy(inline_, bytes.data, size);
    bytes.body->drop();
  }
  size_ = size;
}

Payload::Payload(const Payload& other) : size_(other.size_), beside_(other.beside_) {
  if (is_long()) {
    long_ = other.long_;
    long_.body->count.fetch_add(1, std::memory_order_relaxed);
  } else {
    std::memcpy(inline_, other.inline_, k_inline_max);
  }
  if (beside_ != nullptr) beside_->count.fetch_add(1, std::memory_order_relaxed);
}

Payload& Payload::operator=(Payload other) noexcept {
  std::uint8_t bytes[k_inline_max];
  std::memcpy(bytes, inline_, k_inline_max);
  std::memcpy(inline_, other.inline_, k_inline_max);
  std::memcpy(other.inline_, bytes, k_inline_max);
  std::swap(size_, other.size_);
  std::swap(beside_, other.beside_);
  return *this;
}

std::span<const ObjectId> Payload::refs() const {
  return beside_ == nullptr ? std::span<const ObjectId>() : std::span(beside_->refs);
}

std::span<const SharedBytes> Payload::parts() const {
  return beside_ == nullptr ? std::span<const SharedBytes>() : std::span(beside_->parts);
}

void Payload::set_beside(std::vector<ObjectId> refs, std::vector<SharedBytes> parts) {
  if (refs.empty() && parts.empty()) return;
  beside_ = new Beside{.refs = std::move(refs), .parts = std::move(parts)};
}

std::size_t Payload::total_bytes() const {
  std::size_t total = size_;
  for (const SharedBytes& part : parts()) total += part.size();
  return total;
}

std::size_t Payload::carried_bytes() const {
  std::size_t carried = is_long() && long_.body->others.stored != nullptr ? 0 : size_;
  for (const SharedBytes& part : parts()) carried += part.stored == nullptr ? part.bytes.size() : 0;
  return carried;
}

bool Payload::is_here() const {
  if (is_long() && long_.data == nullptr) return false;
  return std::ranges::all_of(parts(), [](const SharedBytes& part) { return part.is_here(); });
}

SharedBytes Payload::block() const {
  if (!is_long()) return {nullptr, bytes()};
  const SharedBytes& others = long_.body->others;
  return {others.holder, {long_.data, long_.data == nullptr ? 0 : size_}, others.stored};
}

Payload Payload::with(SharedBytes block, std::vector<SharedBytes> parts) const {
  Payload other;
  if (block.holder != nullptr || block.stored != nullptr) {
    other = Payload(std::move(block));
  } else {
    other = *this;
    if (other.beside_ != nullptr) {
      other.beside_->count.fetch_sub(1, std::memory_order_relaxed);  // this one has it still
      other.beside_ = nullptr;
    }
  }
  other.set_beside({refs().begin(), refs().end()}, std::move(parts));
  return other;
}

}  // namespace shoal::inline v1

shoal::Payload shoal::wire::without_store(const Payload& value) {
  if (value.total_bytes() == value.carried_bytes()) return value;
  SharedBytes block = value.block();
  block.stored = nullptr;
  std::vector<SharedBytes> parts(value.parts().begin(), value.parts().end());
  for (SharedBytes& part : parts) part.stored = nullptr;
  return value.with(std::move(block), std::move(parts));
}
