#pragma once

#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <shoal/data/batch.h>
#include <shoal/data/expr.h>
#include <shoal/data/function.h>
#include <shoal/data/iterate.h>
#include <shoal/data/options.h>
#include <shoal/data/row.h>
#include <shoal/data/schema.h>
#include <shoal/data/table_options.h>
#include <shoal/data/typed.h>

namespace shoal::data {
class Node;
class RunRecord;
}  // namespace shoal::data

namespace shoal::data::inline v1 {

namespace detail {
template <class... T>
inline constexpr bool begins_with_options = false;
template <class First, class... Rest>
inline constexpr bool begins_with_options<First, Rest...> = is_step_options<First>;
}  // namespace detail

/// A description of rows: where they come from and what is done with them. An immutable value that is cheap to copy and
/// may be used from many threads; every step gives a new one. Nothing runs until rows are consumed (take, show, count,
/// iter_rows, iter_batches, write_parquet, schema where it is not known). Each consumption is a run of its own, unless
/// the dataset was materialised.
///
/// A step takes an ordinary function, a lambda or a function object with plain state, then options, then arguments that
/// are bound to it; or a class, which is constructed once in each worker. The function gets
/// - `map`: a row (plain struct or sd::Row) and returns one; `flat_map`: ... and returns a vector of them;
/// - `filter`: a row, and returns whether it stays; `map_batches`: a sd::Batch, and returns one.
///
/// Runs throw `shoal::Error`s: TaskFailed for what a function threw, SchemaMismatch, NotFound, InvalidArgument and
/// Infeasible for wrong options of steps, and those of the storage. Steps throw only InvalidArgument, for arguments that
/// can never be right.
class [[nodiscard]] Dataset {
 public:
  /// For sources: the plan that gives the rows.
  explicit Dataset(std::shared_ptr<const Node> plan, RunOptions run = {});

  // The leading `int` parameter keeps `map<Class>(...)` from naming the function's type. Each step calls the check
  // itself: one call in between more, and what the compiler says of a wrong function is no longer short.

  template <int = 0, class F, class... Bound>
    requires(!detail::begins_with_options<Bound...>)
  Dataset map(F function, Bound... bound) const {
    return with_step(detail::row_function<detail::FunctionKind::map>(std::move(function), std::move(bound)...), {});
  }
  template <int = 0, class F, class... Bound>
  Dataset map(F function, StepOptions options, Bound... bound) const {
    return with_step(detail::row_function<detail::FunctionKind::map>(std::move(function), std::move(bound)...),
                     std::move(options));
  }
  template <class C, class... Args>
    requires(!detail::begins_with_options<Args...>)
  Dataset map(Args... args) const {
    return with_step(detail::class_function<detail::FunctionKind::map, C>(std::move(args)...), {});
  }
  template <class C, class... Args>
  Dataset map(StepOptions options, Args... args) const {
    return with_step(detail::class_function<detail::FunctionKind::map, C>(std::move(args)...), std::move(options));
  }

  template <int = 0, class F, class... Bound>
    requires(!detail::begins_with_options<Bound...>)
  Dataset flat_map(F function, Bound... bound) const {
    return with_step(detail::row_function<detail::FunctionKind::flat_map>(std::move(function), std::move(bound)...),
                     {});
  }
  template <int = 0, class F, class... Bound>
  Dataset flat_map(F function, StepOptions options, Bound... bound) const {
    return with_step(detail::row_function<detail::FunctionKind::flat_map>(std::move(function), std::move(bound)...),
                     std::move(options));
  }
  template <class C, class... Args>
    requires(!detail::begins_with_options<Args...>)
  Dataset flat_map(Args... args) const {
    return with_step(detail::class_function<detail::FunctionKind::flat_map, C>(std::move(args)...), {});
  }
  template <class C, class... Args>
  Dataset flat_map(StepOptions options, Args... args) const {
    return with_step(detail::class_function<detail::FunctionKind::flat_map, C>(std::move(args)...), std::move(options));
  }

  template <int = 0, class F, class... Bound>
    requires(!detail::begins_with_options<Bound...> && !std::same_as<F, Expr>)
  Dataset filter(F function, Bound... bound) const {
    return with_step(detail::row_function<detail::FunctionKind::filter>(std::move(function), std::move(bound)...), {});
  }
  template <int = 0, class F, class... Bound>
  Dataset filter(F function, StepOptions options, Bound... bound) const {
    return with_step(detail::row_function<detail::FunctionKind::filter>(std::move(function), std::move(bound)...),
                     std::move(options));
  }
  template <class C, class... Args>
    requires(!detail::begins_with_options<Args...>)
  Dataset filter(Args... args) const {
    return with_step(detail::class_function<detail::FunctionKind::filter, C>(std::move(args)...), {});
  }
  template <class C, class... Args>
  Dataset filter(StepOptions options, Args... args) const {
    return with_step(detail::class_function<detail::FunctionKind::filter, C>(std::move(args)...), std::move(options));
  }
  /// Rows for which the expression is true. Directly above read_parquet, row groups that it rules out are not read.
  Dataset filter(Expr predicate) const;

  template <int = 0, class F, class... Bound>
    requires(!detail::begins_with_options<Bound...>)
  Dataset map_batches(F function, Bound... bound) const {
    return with_step(detail::row_function<detail::FunctionKind::map_batches>(std::move(function), std::move(bound)...),
                     {});
  }
  template <int = 0, class F, class... Bound>
  Dataset map_batches(F function, StepOptions options, Bound... bound) const {
    return with_step(detail::row_function<detail::FunctionKind::map_batches>(std::move(function), std::move(bound)...),
                     std::move(options));
  }
  template <class C, class... Args>
    requires(!detail::begins_with_options<Args...>)
  Dataset map_batches(Args... args) const {
    return with_step(detail::class_function<detail::FunctionKind::map_batches, C>(std::move(args)...), {});
  }
  template <class C, class... Args>
  Dataset map_batches(StepOptions options, Args... args) const {
    return with_step(detail::class_function<detail::FunctionKind::map_batches, C>(std::move(args)...),
                     std::move(options));
  }

  /// Adds a column, or replaces the one so named, with what the function returns for each row.
  template <int = 0, class F, class... Bound>
    requires(!std::convertible_to<F, Expr>)
  Dataset add_column(std::string name, F function, Bound... bound) const {
    return with_step(detail::column_function(std::move(name), std::move(function), std::move(bound)...), {});
  }
  Dataset add_column(std::string name, Expr value) const;
  /// Only these columns, in this order.
  Dataset select(std::vector<std::string> columns) const;
  Dataset drop(std::vector<std::string> columns) const;
  /// Old name -> new name.
  Dataset rename(const std::map<std::string, std::string>& names) const;

  /// The first `rows` rows.
  Dataset limit(std::int64_t rows) const;
  /// The same rows, kept from the first consumption on: within half of the memory budget in memory, the rest in
  /// spill_dir. Copies share them, and they go with the last copy.
  Dataset materialize() const;

  /// n parts of equal size in order; where it does not come out even the first parts have one row more.
  /// Rows are counted from metadata where it tells them, else the first part that is consumed materialises this
  /// dataset, and the others read from there.
  std::vector<Dataset> split(int n) const;
  /// All rows but the last, and the last ones: a fraction above 0 and below 1, to the nearest row, or a number of rows.
  template <class Size>
    requires std::floating_point<Size>
  std::pair<Dataset, Dataset> train_test_split(Size test_size) const {
    return split_fraction(static_cast<double>(test_size));
  }
  template <class Size>
    requires std::integral<Size>
  std::pair<Dataset, Dataset> train_test_split(Size test_rows) const {
    return split_rows(static_cast<std::int64_t>(test_rows));
  }

  /// The first `rows` rows, or all where there are fewer.
  std::vector<Row> take(std::int64_t rows = 20) const { return take<Row>(rows); }
  /// ... as plain structs.
  template <class T>
  std::vector<T> take(std::int64_t rows = 20) const {
    detail::require_row<T>();
    static_assert(!detail::has_views<T>(),
                  "shoal: the rows of take<T>() outlive the blocks that a std::string_view looks into; make the member "
                  "a std::string, or use iter_rows<T>(), whose rows are read one by one");
    std::vector<T> taken;
    for (T& row : RowRange<T>(first_rows(rows))) taken.push_back(std::move(row));
    return taken;
  }
  /// The first rows as one batch; without columns where there is no row.
  Batch take_batch(std::int64_t rows = 20) const;
  /// Prints the first rows, one a line.
  void show(std::int64_t rows, std::ostream& out) const;
  void show(std::int64_t rows = 20) const;
  /// How many rows there are; from metadata where it tells them. Steps that cannot change the number do not run.
  std::int64_t count() const;
  /// The columns; from metadata where it tells them, else from running until the first row. Empty without rows.
  Schema schema() const;
  std::vector<std::string> columns() const { return schema().names(); }

  /// Rows one by one, in order. Text that a row has as std::string_view is valid until the next row.
  RowRange<Row> iter_rows() const { return RowRange<Row>(block_stream()); }
  template <class T>
  RowRange<T> iter_rows() const {
    detail::require_row<T>();
    return RowRange<T>(block_stream());
  }
  /// Batches of exactly `batch_size` rows, but for the last one.
  BatchRange iter_batches(BatchOptions options = {}) const;

  /// Writes Parquet files below `uri`, which must be empty. They appear all together when the last one is complete;
  /// where anything fails nothing does.
  WriteReport write_parquet(const std::string& uri, WriteOptions options = {}) const;

  /// The plan: logical steps, the rules that change it, the operators that run. Runs nothing.
  std::string explain() const;
  /// What the last run of this dataset (or of a copy) did, by stage; of a run under way what it did so far.
  std::string stats() const;

  /// The same rows with these options; those that are not set stay as they are.
  Dataset with(RunOptions run) const;

  const std::shared_ptr<const Node>& plan() const { return plan_; }
  const RunOptions& run_options() const { return run_; }

 private:
  Dataset with_step(std::shared_ptr<const detail::FunctionSpec> function, StepOptions options) const;
  Dataset with_plan(std::shared_ptr<const Node> plan) const;
  std::pair<Dataset, Dataset> split_fraction(double test_size) const;
  std::pair<Dataset, Dataset> split_rows(std::int64_t test_rows) const;
  std::unique_ptr<detail::BatchStream> block_stream() const;
  std::unique_ptr<detail::BatchStream> first_rows(std::int64_t rows) const;

  std::shared_ptr<const Node> plan_;
  RunOptions run_;
  std::shared_ptr<RunRecord> record_;
};

/// "Dataset(rows = 60000, blocks = 24, schema = {image: tensor<uint8>[28, 28], label: int64})", "unknown" where metadata
/// does not tell. Runs nothing.
std::ostream& operator<<(std::ostream& out, const Dataset& dataset);

}  // namespace shoal::data::inline v1
