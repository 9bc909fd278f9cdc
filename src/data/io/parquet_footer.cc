#include "data/io/parquet_footer.h"

#include <fmt/format.h>
#include <parquet/exception.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>

#include <cstring>
#include <new>
#include <numeric>
#include <vector>

#include "data/io/arrow_status.h"

namespace shoal::data {
namespace {

constexpr std::int64_t k_trailer_bytes = 8;  // The footer's length, 4 bytes little-endian, and the magic.
constexpr std::int64_t k_smallest_file = 4 + k_trailer_bytes;
constexpr std::string_view k_remedy = "it is cut off or no Parquet file; write it again, or leave it out";

Status corrupt(const std::string& what) { return Status(ErrorCode::corrupt_data, what); }

std::int64_t footer_length(std::span<const std::uint8_t> tail) {
  const std::uint8_t* at = tail.data() + tail.size() - k_trailer_bytes;
  return std::int64_t{at[0]} | std::int64_t{at[1]} << 8 | std::int64_t{at[2]} << 16 | std::int64_t{at[3]} << 24;
}

/// Every byte that the footer sends a reader to must lie in the file, and every count must be one.
Status check_claims(const parquet::FileMetaData& footer, std::int64_t file_size) {
  std::int64_t rows = 0;
  for (int g = 0; g < footer.num_row_groups(); ++g) {
    const auto group = footer.RowGroup(g);
    if (group->num_rows() < 0 || rows > std::numeric_limits<std::int64_t>::max() - group->num_rows()) {
      return corrupt(fmt::format("row group {} claims {} rows", g, group->num_rows()));
    }
    rows += group->num_rows();
    if (group->num_columns() != footer.num_columns()) {
      return corrupt(
          fmt::format("row group {} has {} columns, but the schema {}", g, group->num_columns(), footer.num_columns()));
    }
    for (int c = 0; c < group->num_columns(); ++c) {
      const auto chunk = group->ColumnChunk(c);
      const std::int64_t length = chunk->total_compressed_size();
      std::int64_t offset = chunk->data_page_offset();
      if (chunk->has_dictionary_page() && chunk->dictionary_page_offset() > 0) {
        offset = std::min(offset, chunk->dictionary_page_offset());
      }
      if (offset < 0 || length < 0 || length > file_size || offset > file_size - length ||
          chunk->total_uncompressed_size() < 0) {
        return corrupt(fmt::format("column {} of row group {} claims bytes {} to {} of a file of {}", c, g, offset,
                                   offset + length, file_size));
      }
    }
  }
  if (footer.num_rows() != rows) {
    return corrupt(fmt::format("the footer claims {} rows, but its row groups have {}", footer.num_rows(), rows));
  }
  return Status();
}

Result<std::shared_ptr<parquet::FileMetaData>> parse(const void* bytes, std::int64_t length, std::int64_t file_size) {
  return catch_parquet([&]() -> Result<std::shared_ptr<parquet::FileMetaData>> {
    std::shared_ptr<parquet::FileMetaData> footer = parquet::FileMetaData::Make(bytes, length);
    if (footer->is_encryption_algorithm_set()) {
      return Status(ErrorCode::unsupported, "it is encrypted, which is not supported");
    }
    SHOAL_RETURN_IF_ERROR(check_claims(*footer, file_size));
    return footer;
  });
}

}  // namespace

Result<std::int64_t> parquet_footer_bytes(std::span<const std::uint8_t> tail, std::int64_t file_size) {
  if (file_size < k_smallest_file || tail.size() < static_cast<std::size_t>(k_smallest_file)) {
    return corrupt(fmt::format("{} bytes are too few; {}", file_size, k_remedy));
  }
  const std::uint8_t* magic = tail.data() + tail.size() - 4;
  if (std::memcmp(magic, "PARE", 4) == 0) {
    return Status(ErrorCode::unsupported, "its footer is encrypted, which is not supported");
  }
  if (std::memcmp(magic, "PAR1", 4) != 0) return corrupt(fmt::format("its last bytes are not \"PAR1\"; {}", k_remedy));
  const std::int64_t bytes = footer_length(tail) + k_trailer_bytes;
  if (bytes > file_size - 4) {
    return corrupt(fmt::format("its footer claims {} bytes of a file of {}; {}", bytes, file_size, k_remedy));
  }
  return bytes;
}

Result<std::shared_ptr<parquet::FileMetaData>> parse_parquet_footer(std::span<const std::uint8_t> tail,
                                                                    std::int64_t file_size) {
  SHOAL_ASSIGN_OR_RETURN(const std::int64_t bytes, parquet_footer_bytes(tail, file_size));
  if (bytes > static_cast<std::int64_t>(tail.size())) return corrupt("its footer is cut off");
  return parse(tail.data() + tail.size() - bytes, bytes - k_trailer_bytes, file_size);
}

Result<std::string> serialize_row_groups(const parquet::FileMetaData& footer, int first, int count) {
  return catch_parquet([&]() -> Result<std::string> {
    std::vector<int> groups(static_cast<std::size_t>(count));
    std::iota(groups.begin(), groups.end(), first);
    return footer.Subset(groups)->SerializeToString();
  });
}

Result<std::shared_ptr<parquet::FileMetaData>> parse_parquet_metadata(std::string_view bytes, std::int64_t file_size) {
  return parse(bytes.data(), static_cast<std::int64_t>(bytes.size()), file_size);
}

Status parquet_status_from_exception() {
  try {
    throw;
  } catch (const parquet::ParquetStatusException& error) {
    return from_arrow(error.status(), ErrorCode::corrupt_data);
  } catch (const std::bad_alloc&) {
    return Status(ErrorCode::out_of_memory, "memory allocation failed");
  } catch (const std::exception& error) { return corrupt(error.what()); }
}

}  // namespace shoal::data
