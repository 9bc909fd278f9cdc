#include "store/checksum.h"

#define XXH_INLINE_ALL
// Only inline functions of the copy that comes with Arrow's headers: nothing of Arrow is linked.
#include <arrow/vendored/xxhash.h>

namespace shoal::store {

struct Checksum::State {
  XXH3_state_t xxh;
};

Checksum::Checksum() : state_(std::make_unique<State>()) { XXH3_64bits_reset(&state_->xxh); }
Checksum::~Checksum() = default;

void Checksum::add(std::span<const std::byte> bytes) { XXH3_64bits_update(&state_->xxh, bytes.data(), bytes.size()); }

std::uint64_t Checksum::value() const { return XXH3_64bits_digest(&state_->xxh); }

}  // namespace shoal::store
