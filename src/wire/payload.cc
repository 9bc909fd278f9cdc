#include <shoal/wire/payload.h>

#include <atomic>
#include <cassert>
#include <cstring>
#include <new>
#include <utility>

namespace shoal::inline v1 {
namespace {

using Count = std::atomic<std::uint32_t>;

// The count stands in front of the bytes, in a line of the cache of its own.
static_assert(sizeof(Count) <= Payload::k_alignment);

Count& count_of(std::uint8_t* bytes) { return *std::launder(reinterpret_cast<Count*>(bytes - Payload::k_alignment)); }

void drop(std::uint8_t* bytes) {
  if (count_of(bytes).fetch_sub(1, std::memory_order_acq_rel) > 1) return;
  ::operator delete(bytes - Payload::k_alignment, std::align_val_t{Payload::k_alignment});
}

}  // namespace

struct Payload::Beside {
  Count count{1};
  const std::vector<ObjectId> refs;
  const std::vector<SharedBytes> parts;
};

void Payload::allocate() {
  auto* memory = static_cast<std::uint8_t*>(::operator new(k_alignment + size_, std::align_val_t{k_alignment}));
  new (memory) Count(1);
  long_ = memory + k_alignment;
}

void Payload::release() {
  if (is_long()) drop(long_);
  if (beside_ != nullptr && beside_->count.fetch_sub(1, std::memory_order_acq_rel) == 1) delete beside_;
}

void Payload::shrink(std::size_t size) {
  assert(size <= size_);
  if (is_long() && size <= k_inline_max) {
    std::uint8_t* const bytes = long_;
    std::memcpy(inline_, bytes, size);
    drop(bytes);
  }
  size_ = size;
}

Payload::Payload(const Payload& other) : size_(other.size_), beside_(other.beside_) {
  if (is_long()) {
    long_ = other.long_;
    count_of(long_).fetch_add(1, std::memory_order_relaxed);
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
  for (const SharedBytes& part : parts()) total += part.bytes.size();
  return total;
}

}  // namespace shoal::inline v1
