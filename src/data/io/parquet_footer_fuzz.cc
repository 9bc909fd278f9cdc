#include "data/io/parquet_footer.h"

#include <parquet/metadata.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

/// Any bytes as a whole file: parsed, or refused with an error.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file_size = static_cast<std::int64_t>(size);
  const auto footer = shoal::data::parse_parquet_footer({data, size}, file_size);
  if (!footer.ok()) return 0;
  const int groups = (*footer)->num_row_groups();
  const auto bytes = shoal::data::serialize_row_groups(**footer, 0, groups);
  if (!bytes.ok()) return 0;
  const auto again = shoal::data::parse_parquet_metadata(*bytes, file_size);
  if (again.ok() && (*again)->num_rows() != (*footer)->num_rows()) std::abort();
  return 0;
}
