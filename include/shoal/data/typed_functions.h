#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <shoal/data/batch.h>
#include <shoal/data/function.h>
#include <shoal/data/signature.h>
#include <shoal/data/typed_rows.h>

/// User functions over rows, one class for each kind of step.
namespace shoal::data::inline v1::detail {

/// A callable with its bound arguments: `call(row)` is `function(row, bound...)`.
template <class F, class... Bound>
struct BoundCall {
  F function;
  std::tuple<Bound...> bound;
  template <class In>
  decltype(auto) operator()(In&& in) {
    return std::apply(
        [&](const auto&... arguments) -> decltype(auto) { return function(std::forward<In>(in), arguments...); },
        bound);
  }
};

/// The names of In's members that Out lacks; none where either is dynamic.
template <class In, class Out>
std::vector<std::string> dropped_columns() {
  std::vector<std::string> dropped;
  if constexpr (!std::is_same_v<In, Row> && !std::is_same_v<Out, Row>) {
    static constexpr auto k_in = member_names<In>();
    static constexpr auto k_out = member_names<Out>();
    for (const std::string_view name : k_in) {
      if (std::find(k_out.begin(), k_out.end(), name) == k_out.end()) dropped.emplace_back(name);
    }
  }
  return dropped;
}

template <class In, class Out, class Call>
class MapFunction final : public Function {
 public:
  explicit MapFunction(Call call) : call_(std::move(call)), dropped_(dropped_columns<In, Out>()) {}
  RecordBatchPtr call(const RecordBatchPtr& rows) override {
    const std::int64_t count = row_count(*rows);
    reader_.open(rows);
    // Out's members are all there is where a dynamic row took every column.
    constexpr bool k_takes_all = std::is_same_v<In, Row> && !std::is_same_v<Out, Row>;
    RowWriter<Out> writer(k_takes_all ? nullptr : rows, dropped_, count);
    Function::for_each_row(count, [&](std::int64_t i) { writer.append(call_(reader_.read(i))); });
    reader_.close();
    return writer.finish();
  }

 private:
  Call call_;
  std::vector<std::string> dropped_;
  RowReader<In> reader_;
};

template <class In, class Out, class Call>
class FlatMapFunction final : public Function {
 public:
  explicit FlatMapFunction(Call call) : call_(std::move(call)), dropped_(dropped_columns<In, Out>()) {}
  RecordBatchPtr call(const RecordBatchPtr& rows) override {
    const std::int64_t count = row_count(*rows);
    reader_.open(rows);
    constexpr bool k_takes_all = std::is_same_v<In, Row> && !std::is_same_v<Out, Row>;
    RowWriter<Out> writer(k_takes_all ? nullptr : rows, dropped_, count);
    std::vector<std::int32_t> picks;
    Function::for_each_row(count, [&](std::int64_t i) {
      In row = reader_.read(i);  // The function may return a reference into it.
      for (auto&& out : call_(std::move(row))) {
        writer.append(out);
        picks.push_back(static_cast<std::int32_t>(i));
      }
    });
    reader_.close();
    return writer.finish(&picks);
  }

 private:
  Call call_;
  std::vector<std::string> dropped_;
  RowReader<In> reader_;
};

template <class In, class Call>
class FilterFunction final : public Function {
 public:
  explicit FilterFunction(Call call) : call_(std::move(call)) {}
  RecordBatchPtr call(const RecordBatchPtr& rows) override {
    const std::int64_t count = row_count(*rows);
    reader_.open(rows);
    std::vector<std::int32_t> kept;
    Function::for_each_row(count, [&](std::int64_t i) {
      if (static_cast<bool>(call_(reader_.read(i)))) kept.push_back(static_cast<std::int32_t>(i));
    });
    reader_.close();
    return pick_rows(rows, kept);
  }

 private:
  Call call_;
  RowReader<In> reader_;
};

template <class Call>
class BatchFunction final : public Function {
 public:
  explicit BatchFunction(Call call) : call_(std::move(call)) {}
  RecordBatchPtr call(const RecordBatchPtr& rows) override { return Batch(call_(Batch(rows))).to_arrow(); }

 private:
  Call call_;
};

/// add_column: the function's results as one more column.
template <class In, class Out, class Call>
class ColumnFunction final : public Function {
 public:
  ColumnFunction(Call call, std::string name) : call_(std::move(call)), name_(std::move(name)) {}
  RecordBatchPtr call(const RecordBatchPtr& rows) override {
    const std::int64_t count = row_count(*rows);
    reader_.open(rows);
    ColumnSink sink(column_spec<Out>(name_), count);
    Function::for_each_row(count, [&](std::int64_t i) { write_value<Out>(sink, call_(reader_.read(i))); });
    reader_.close();
    return assemble_rows(rows, {}, std::span(&sink, 1), count, nullptr);
  }

 private:
  Call call_;
  std::string name_;
  RowReader<In> reader_;
};

/// The Function of this kind over a callable with the signature S.
template <FunctionKind K, class S, class Call>
std::unique_ptr<Function> make_typed(Call call) {
  using In = typename S::Row;
  using Result = std::remove_cvref_t<typename S::Result>;
  if constexpr (K == FunctionKind::map_batches) {
    return std::make_unique<BatchFunction<Call>>(std::move(call));
  } else if constexpr (K == FunctionKind::filter) {
    return std::make_unique<FilterFunction<In, Call>>(std::move(call));
  } else if constexpr (K == FunctionKind::flat_map) {
    return std::make_unique<FlatMapFunction<In, RowGiven<K, Result>, Call>>(std::move(call));
  } else {
    return std::make_unique<MapFunction<In, Result, Call>>(std::move(call));
  }
}

}  // namespace shoal::data::inline v1::detail
