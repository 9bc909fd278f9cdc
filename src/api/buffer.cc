#include <shoal/api/buffer.h>
#include <shoal/api/view.h>
#include <shoal/base/error.h>

#include <cstring>
#include <new>
#include <string>
#include <utility>

namespace shoal::inline v1 {

MutableBuffer create_buffer(std::size_t bytes) {
  if (LargeMemory* const memory = bytes < detail::k_large_bytes ? nullptr : detail::large_memory()) {
    LargeMemory::Room room = memory->allocate(bytes);
    std::memset(room.bytes.data(), 0, bytes);
    return {std::move(room.holder), room.bytes};
  }
  constexpr std::align_val_t k_alignment{64};
  std::shared_ptr<void> holder(::operator new(bytes, k_alignment),
                               [](void* memory) { ::operator delete(memory, k_alignment); });
  auto* const begin = static_cast<std::uint8_t*>(holder.get());
  std::memset(begin, 0, bytes);
  return {std::move(holder), {begin, bytes}};
}

void detail::finish_look(const Decoder& from, std::string_view type) {
  if (from.ok() && from.left() == 0) return;
  throw CorruptData(ErrorCode::corrupt_data,
                    "view: these bytes are no " + std::string(type) +
                        (from.ok() ? std::string(": something follows") : std::string(": ") + from.fault()));
}

}  // namespace shoal::inline v1
