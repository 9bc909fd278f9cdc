#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <shoal/base/error.h>

namespace arrow {
class RecordBatch;
}

namespace shoal::inline v1 {
class Encoder;
class Decoder;
}  // namespace shoal::inline v1

namespace shoal::data::inline v1::detail {

enum class FunctionKind : std::uint8_t { map, flat_map, filter, map_batches };

/// A user function made ready for rows: one object per worker for class steps, else one per fragment. One thread at a
/// time.
class Function {
 public:
  virtual ~Function() = default;
  /// `rows` through the function: for map, flat_map and map_batches its output rows, for filter the rows kept.
  /// Throws what the user function throws, and shoal::Error where columns do not fit.
  virtual std::shared_ptr<arrow::RecordBatch> call(const std::shared_ptr<arrow::RecordBatch>& rows) = 0;
  /// From the next call() on: once `stop` is requested it throws Cancelled before the next row.
  void set_stop(std::stop_token stop) { stop_ = std::move(stop); }
  /// After call() threw: which of its rows the user function had; not set where it gets many, or was not called.
  std::optional<std::int64_t> failed_row() const { return failed_row_; }

 protected:
  /// Calls f(i) for each row i. A slow function is not to hold up the end of a run for the rest of its rows.
  template <class F>
  void for_each_row(std::int64_t count, F&& f) {
    std::int64_t i = 0;
    failed_row_.reset();
    try {
      for (; i < count; ++i) {
        if (stop_.stop_requested()) throw Cancelled(ErrorCode::cancelled, "the fragment was cancelled");
        f(i);
      }
    } catch (...) {
      failed_row_ = i;
      throw;
    }
  }

 private:
  std::stop_token stop_;
  std::optional<std::int64_t> failed_row_;
};

/// What the typed front (typed.h) hands to a plan: a user function without its types. Immutable, shared by threads.
struct FunctionSpec {
  FunctionKind kind{};
  std::string name;                                 ///< "normalize", "Normalize", "lambda"
  bool has_state = false;                           ///< A class step: make() once in each worker of a pool.
  std::function<std::unique_ptr<Function>()> make;  ///< May throw what the class's constructor throws.
  /// What it was made of, for decode() in another process of the program: captures, bound and constructor's arguments.
  /// Both are empty where it cannot leave this process. Either may throw what the codec throws.
  std::function<void(Encoder& to)> encode;
  std::shared_ptr<const FunctionSpec> (*decode)(Decoder& from) = nullptr;  ///< Null where `from` failed.
  /// Columns it needs and columns it gives, for rules; not set for rows and batches without a static type.
  std::optional<std::vector<std::string>> reads;
  std::optional<std::vector<std::string>> writes;
};

}  // namespace shoal::data::inline v1::detail
