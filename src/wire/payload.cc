#include <shoal/wire/payload.h>

#include <atomic>
#include <cstring>
#include <new>
#include <utility>

namespace shoal::inline v1 {
namespace {

using Count = std::atomic<std::uint32_t>;

// The count stands in front of the bytes, in a line of the cache of its own.
static_assert(sizeof(Count) <= Payload::k_alignment);

std::uint8_t* allocate(std::size_t size) {
  auto* memory = static_cast<std::uint8_t*>(
      ::operator new(Payload::k_alignment + size, std::align_val_t{Payload::k_alignment}));
  new (memory) Count(1);
  return memory + Payload::k_alignment;
}

Count& count_of(std::uint8_t* bytes) { return *std::launder(reinterpret_cast<Count*>(bytes - Payload::k_alignment)); }

void release(std::uint8_t* bytes) {
  if (count_of(bytes).fetch_sub(1, std::memory_order_acq_rel) > 1) return;
  ::operator delete(bytes - Payload::k_alignment, std::align_val_t{Payload::k_alignment});
}

}  // namespace

struct Payload::Beside {
  Count count{1};
  const std::vector<ObjectId> refs;
  const std::vector<SharedBytes> parts;
};

Payload::Payload(std::size_t size) : size_(size) {
  if (is_long()) long_ = allocate(size);
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

Payload::Payload(Payload&& other) noexcept
    : size_(std::exchange(other.size_, 0)), beside_(std::exchange(other.beside_, nullptr)) {
  std::memcpy(inline_, other.inline_, k_inline_max);
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

Payload::~Payload() {
  if (is_long()) release(long_);
  if (beside_ != nullptr && beside_->count.fetch_sub(1, std::memory_order_acq_rel) == 1) delete beside_;
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
