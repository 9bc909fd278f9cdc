#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <shoal/data/dataset.h>
#include <shoal/data/options.h>
#include <shoal/data/read_options.h>
#include <shoal/data/table_options.h>
#include <shoal/data/typed_rows.h>

namespace arrow {
class Table;
}

/// Where datasets begin. Every function only describes; nothing is read, listed or opened before rows are consumed.
/// Each throws InvalidArgument for wrong options and malformed URIs, and Unsupported for schemes that are not built yet.
namespace shoal::data::inline v1 {

/// One or more URIs, read in this order: files; folders with all that is below them; patterns, where the last component
/// has `*`, `?` or `[...]` and no file has that very name: "data/part-*.parquet", and with "data/day-*" the folders that
/// match; on S3 also the first letters of keys, where there is no such file and folder: "s3://bucket/data/part-00".
/// Converts from text, a vector and a list of them.
class Uris {
 public:
  Uris(const char* uri) : list_{uri} {}                            // NOLINT: conversions are the point
  Uris(std::string uri) : list_{std::move(uri)} {}                 // NOLINT
  Uris(std::string_view uri) : list_{std::string(uri)} {}          // NOLINT
  Uris(std::vector<std::string> uris) : list_(std::move(uris)) {}  // NOLINT
  Uris(std::initializer_list<std::string> uris) : list_(uris) {}
  const std::vector<std::string>& list() const { return list_; }

 private:
  std::vector<std::string> list_;
};

/// JPEG and PNG files, one row each: column `image` (uint8 tensor, {height, width, 3} or {height, width}; of one shape
/// where `size` is given), and `path` by option.
Dataset read_images(Uris uris, ImageOptions options = {}, RunOptions run = {});
/// The rows of Parquet files. A select or filter(Expr) above it reads less.
Dataset read_parquet(Uris uris, ParquetOptions options = {}, RunOptions run = {});
/// Files as they are, one row each: columns `path` (by option) and `bytes`.
Dataset read_binary(Uris uris, BinaryOptions options = {}, RunOptions run = {});
/// Lines of text, one row each: columns `path` (by option) and `text`.
Dataset read_text(Uris uris, TextOptions options = {}, RunOptions run = {});
/// The listing itself, which an ObjectHandle can be read from: uri, key, size, etag, modified (a timestamp in UTC).
Dataset list_objects(Uris uris, ListOptions options = {}, RunOptions run = {});

/// The numbers 0, 1, ... n - 1 in the column `id` (int64).
Dataset range(std::int64_t n, RangeOptions options = {}, RunOptions run = {});
/// n tensors of one shape in the column `data` (int64), each filled with its row's number.
Dataset range_tensor(std::int64_t n, RangeTensorOptions options = {}, RunOptions run = {});
/// The rows of a table, which are shared, not copied.
Dataset from_arrow(std::shared_ptr<arrow::Table> table, RunOptions run = {});

namespace detail {
Dataset from_rows(std::shared_ptr<arrow::RecordBatch> rows, const RangeOptions& options, RunOptions run);
}  // namespace detail

/// Values of this process as rows: plain structs, sd::Row, or numbers, text and tensors as the column `item`. Copied here.
template <class T>
Dataset from_items(const std::vector<T>& items, RangeOptions options = {}, RunOptions run = {}) {
  detail::require_row<T>();
  static_assert(!std::is_same_v<T, bool>,
                "shoal: from_items takes std::uint8_t for bool, which vectors cannot hand out");
  return detail::from_rows(detail::rows_from(std::span<const T>(items)), options, std::move(run));
}
template <class T>
Dataset from_items(std::initializer_list<T> items, RangeOptions options = {}, RunOptions run = {}) {
  detail::require_row<T>();
  return detail::from_rows(detail::rows_from(std::span<const T>(items.begin(), items.size())), options, std::move(run));
}

// A run's options may stand in the place of the source's. They are named here, since braces alone are the source's.
template <std::same_as<RunOptions> Run>
Dataset read_images(Uris uris, Run run) {
  return read_images(std::move(uris), ImageOptions{}, std::move(run));
}
template <std::same_as<RunOptions> Run>
Dataset read_parquet(Uris uris, Run run) {
  return read_parquet(std::move(uris), ParquetOptions{}, std::move(run));
}
template <std::same_as<RunOptions> Run>
Dataset read_binary(Uris uris, Run run) {
  return read_binary(std::move(uris), BinaryOptions{}, std::move(run));
}
template <std::same_as<RunOptions> Run>
Dataset read_text(Uris uris, Run run) {
  return read_text(std::move(uris), TextOptions{}, std::move(run));
}
template <std::same_as<RunOptions> Run>
Dataset list_objects(Uris uris, Run run) {
  return list_objects(std::move(uris), ListOptions{}, std::move(run));
}
template <std::same_as<RunOptions> Run>
Dataset range(std::int64_t n, Run run) {
  return range(n, RangeOptions{}, std::move(run));
}
template <std::same_as<RunOptions> Run>
Dataset range_tensor(std::int64_t n, Run run) {
  return range_tensor(n, RangeTensorOptions{}, std::move(run));
}
template <class T, std::same_as<RunOptions> Run>
Dataset from_items(const std::vector<T>& items, Run run) {
  return from_items(items, RangeOptions{}, std::move(run));
}

}  // namespace shoal::data::inline v1
