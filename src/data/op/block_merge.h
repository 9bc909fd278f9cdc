#pragma once

#include <cstdint>
#include <memory>

#include "data/op/stream.h"

namespace shoal::data {

/// Rows go on as a block of their own once they are this large: handing a block over costs about 15 us, copying so
/// many bytes a hundred times that.
inline constexpr std::int64_t k_merged_block_bytes = 1 << 20;

/// The last step of a fragment: joins the small pieces that functions return into blocks of at least
/// k_merged_block_bytes (the last one of a fragment may be smaller). Larger pieces pass without a copy. Blocks are cut
/// from rows and bytes alone, so they are equal in every run.
std::shared_ptr<const Step> make_block_merge();

}  // namespace shoal::data
