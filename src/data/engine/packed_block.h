#pragma once

#include <cstdint>
#include <vector>

#include <shoal/api/buffer.h>

#include "base/status.h"
#include "data/op/stream.h"

namespace shoal::data {

/// A block on its way to another process of this program: in Arrow's stream format, or, where buffers of its columns lie in
/// the machine's store already, with these beside the rest, so that they are not copied.
struct PackedBlock {
  struct Part {
    std::uint64_t bytes = 0;
    bool is_apart = false;
  };
  Buffer
      bytes{};  ///< The stream; or schema, metadata and the buffers that do not stand apart, each from a multiple of 64 on.
  std::vector<Buffer> apart{};
  std::uint64_t schema_bytes = 0, metadata_bytes = 0;  ///< Of Arrow's messages; 0 for a stream.
  std::vector<Part> body{};                            ///< The buffers of the columns, in Arrow's order.
};

/// In memory that other processes can map, where the session has such. Errors: unsupported (dictionaries inside of
/// dictionaries); store_full.
Result<PackedBlock> pack_block(const Rows& rows);
/// The block, whose columns lie in the buffers. Errors: corrupt_data.
Result<Rows> unpack_block(const PackedBlock& packed);

}  // namespace shoal::data
