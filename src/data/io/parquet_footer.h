#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <type_traits>

#include "base/status.h"

namespace parquet {
class FileMetaData;
}

namespace shoal::data {

/// Bytes at a file's end that are read first; the whole footer of most files.
inline constexpr std::int64_t k_parquet_tail_bytes = 64 << 10;

/// Bytes at the end of a file that hold its whole footer, which may be more than `tail` has: its last bytes say so.
/// `file_size` is the whole file's. Errors: corrupt_data (no Parquet file, or cut off), unsupported (encrypted).
Result<std::int64_t> parquet_footer_bytes(std::span<const std::uint8_t> tail, std::int64_t file_size);

/// The footer in the last bytes of a file, at least as many as parquet_footer_bytes() says. What it claims of rows and
/// of where column chunks lie was checked against `file_size`. Errors: corrupt_data, unsupported.
Result<std::shared_ptr<parquet::FileMetaData>> parse_parquet_footer(std::span<const std::uint8_t> tail,
                                                                    std::int64_t file_size);

/// The footer of some row groups alone, as bytes for parse_parquet_metadata().
Result<std::string> serialize_row_groups(const parquet::FileMetaData& footer, int first, int count);
Result<std::shared_ptr<parquet::FileMetaData>> parse_parquet_metadata(std::string_view bytes, std::int64_t file_size);

/// The status of the exception in flight inside a catch block around Parquet calls: corrupt_data, or what it carries.
Status parquet_status_from_exception();

/// Calls `function`, which returns a Status or Result, and turns what Parquet throws into one.
template <class Function>
auto catch_parquet(Function&& function) -> std::invoke_result_t<Function> {
  try {
    return function();
  } catch (...) { return parquet_status_from_exception(); }
}

}  // namespace shoal::data
