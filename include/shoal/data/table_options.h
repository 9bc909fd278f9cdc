#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <shoal/data/expr.h>
#include <shoal/data/options.h>

namespace shoal::data::inline v1 {

/// Options of range and from_items.
struct RangeOptions {
  std::optional<int> parallelism{};  ///< Blocks to cut the rows into, at most one a row; default the run's.
  friend bool operator==(const RangeOptions&, const RangeOptions&) = default;
};

/// Options of range_tensor.
struct RangeTensorOptions {
  std::vector<std::int64_t> shape = {1};  ///< Of each row's tensor; every extent is at least 1.
  std::optional<int> parallelism{};       ///< Blocks to cut the rows into, at most one a row; default the run's.
  friend bool operator==(const RangeTensorOptions&, const RangeTensorOptions&) = default;
};

/// Options of read_parquet.
struct ParquetOptions {
  std::vector<std::string> columns{};  ///< Only these, in this order; others are not read. Default all.
  std::optional<Expr> filter{};        ///< Only rows for which it is true; row groups it rules out are not read.
  std::optional<int> parallelism{};    ///< Fragments that read at once at most; default no cap but the run's CPUs.
  StorageOptions storage{};
};

enum class Compression : std::uint8_t { none, snappy, gzip, zstd, lz4 };

/// What a write does when there is something at its target already.
enum class WriteMode : std::uint8_t {
  error,  ///< `AlreadyExists` before anything runs.
};

/// Options of write_parquet.
struct WriteOptions {
  std::int64_t row_group_rows = 1 << 20;  ///< Rows of a row group at most; at least 1.
  std::int64_t file_bytes = 0;            ///< Ends a file once it is so large; 0 = one file for each block.
  Compression compression = Compression::snappy;
  WriteMode mode = WriteMode::error;
  StorageOptions storage{};
};

/// What a write has made visible.
struct WriteReport {
  std::int64_t files = 0;
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  friend bool operator==(const WriteReport&, const WriteReport&) = default;
};

}  // namespace shoal::data::inline v1
