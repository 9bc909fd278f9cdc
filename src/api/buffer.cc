#include <shoal/api/buffer.h>
#include <shoal/api/view.h>
#include <shoal/base/error.h>

#include <cstring>
#include <new>
#include <string>
#include <utility>

namespace shoal::inline v1 {

MutableBuffer create_buffer(std::size_t bytes) {
  MutableBuffer buffer = create_buffer_for_overwrite(bytes);
  if (bytes > 0) std::memset(buffer.data(), 0, bytes);
  return buffer;
}

MutableBuffer create_buffer_for_overwrite(std::size_t bytes) {
  if (LargeMemory* const memory = bytes < detail::k_large_bytes ? nullptr : detail::large_memory()) {
    LargeMemory::Room room = memory->allocate(bytes);
    return {std::move(room.holder), room.bytes, memory};
  }
  constexpr std::align_val_t k_alignment{64};
  std::shared_ptr<void> holder(::operator new(bytes, k_alignment),
                               [](void* memory) { ::operator delete(memory, k_alignment); });
  auto* const begin = static_cast<std::uint8_t*>(holder.get());
  return {std::move(holder), {begin, bytes}, nullptr};
}

void MutableBuffer::write(std::size_t at, std::span<const std::uint8_t> from) {
  if (from.empty()) return;
  if (memory_ != nullptr && from.size() >= detail::k_large_bytes) return memory_->fill(bytes_.data() + at, from);
  std::memcpy(bytes_.data() + at, from.data(), from.size());
}

void detail::finish_look(const Decoder& from, std::string_view type) {
  if (from.ok() && from.left() == 0) return;
  throw CorruptData(ErrorCode::corrupt_data,
                    "view: these bytes are no " + std::string(type) +
                        (from.ok() ? std::string(": something follows") : std::string(": ") + from.fault()));
}

}  // namespace shoal::inline v1
