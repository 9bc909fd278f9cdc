#include "shell/mapped_extent.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "shell/limits.h"
#include "store/limits.h"

namespace shoal::shell {

Result<std::shared_ptr<MappedExtent>> MappedExtent::map(const wire::ExtentIs& is) {
  using store::Mapping;
  if (is.files.files.size() != 1)
    return Status(ErrorCode::corrupt_data, "an extent of the store came without its memory");
  const std::shared_ptr<const Fd>& file = is.files.files[0];
  SHOAL_ASSIGN_OR_RETURN(Mapping reading, Mapping::map(file->get(), is.bytes, Mapping::Access::read));
  Mapping writing;
  if (is.is_writable) { SHOAL_ASSIGN_OR_RETURN(writing, Mapping::map(file->get(), is.bytes, Mapping::Access::write)); }
  return std::shared_ptr<MappedExtent>(
      new MappedExtent(std::move(reading), std::move(writing), is.is_writable ? file : nullptr));
}

void MappedExtent::begin_use() {
  if (++uses_ > k_uses_unmapped) touch(std::numeric_limits<std::uint64_t>::max());
}

void MappedExtent::touch(std::uint64_t end) {
  const std::uint64_t size = writing_.bytes().size();
  const std::uint64_t to = std::min(store::round_up(std::min(end, size), store::k_page_bytes), size);
  std::uint64_t from = touched_.load();
  do {
    if (from >= to) return;
  } while (!touched_.compare_exchange_weak(from, to));
  writing_.touch(from, to);
}

void MappedExtent::fill(std::uint64_t offset, std::span<const std::uint8_t> from) {
  const bool by_system = touched_.load() < offset + from.size();
  while (by_system && !from.empty()) {
    const ssize_t done = ::pwrite(file_->get(), from.data(), from.size(), static_cast<off_t>(offset));
    if (done <= 0) break;  // a signal came first, or it cannot: then through the mapping
    from = from.subspan(static_cast<std::size_t>(done));
    offset += static_cast<std::uint64_t>(done);
  }
  if (!from.empty()) std::memcpy(writing_.bytes().data() + offset, from.data(), from.size());
}

}  // namespace shoal::shell
