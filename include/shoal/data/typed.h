#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <shoal/base/type_name.h>
#include <shoal/data/batch.h>
#include <shoal/data/function.h>
#include <shoal/data/options.h>
#include <shoal/data/signature.h>
#include <shoal/data/typed_rows.h>

/// User functions and classes made into `FunctionSpec`s. What could not run in another process, or does not fit the
/// step, does not compile, and the message says what to do.
namespace shoal::data::inline v1::detail {

template <class T>
inline constexpr bool is_step_options = std::is_same_v<std::remove_cvref_t<T>, StepOptions>;

/// A callable with its bound arguments: `call(row)` is `function(row, bound...)`.
template <class F, class... Bound>
struct BoundCall {
  F function;
  std::tuple<Bound...> bound;
  template <class In>
  decltype(auto) operator()(In&& in) {
    return std::apply(
        [&](const auto&... arguments) -> decltype(auto) { return function(std::forward<In>(in), arguments...); }, bound);
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
    for (std::int64_t i = 0; i < count; ++i) writer.append(call_(reader_.read(i)));
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
    for (std::int64_t i = 0; i < count; ++i) {
      for (auto&& out : call_(reader_.read(i))) {
        writer.append(out);
        picks.push_back(static_cast<std::int32_t>(i));
      }
    }
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
    for (std::int64_t i = 0; i < count; ++i) {
      if (static_cast<bool>(call_(reader_.read(i)))) kept.push_back(static_cast<std::int32_t>(i));
    }
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
    for (std::int64_t i = 0; i < count; ++i) write_value<Out>(sink, call_(reader_.read(i)));
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
    using Out = std::remove_cvref_t<decltype(*std::declval<Result&>().begin())>;
    return std::make_unique<FlatMapFunction<In, Out, Call>>(std::move(call));
  } else {
    return std::make_unique<MapFunction<In, Result, Call>>(std::move(call));
  }
}

template <class T>
std::optional<std::vector<std::string>> column_names_of() {
  if constexpr (std::is_same_v<T, Row> || std::is_same_v<T, Batch>) {
    return std::nullopt;
  } else {
    static constexpr auto k_names = member_names<T>();
    return std::vector<std::string>(k_names.begin(), k_names.end());
  }
}

/// Everything of a spec but make().
template <FunctionKind K, class S>
FunctionSpec describe(std::string name, bool has_state) {
  FunctionSpec spec;
  spec.kind = K;
  spec.name = std::move(name);
  spec.has_state = has_state;
  spec.reads = column_names_of<typename S::Row>();
  using Result = std::remove_cvref_t<typename S::Result>;
  if constexpr (K == FunctionKind::map) {
    spec.writes = column_names_of<Result>();
  } else if constexpr (K == FunctionKind::flat_map) {
    spec.writes = column_names_of<std::remove_cvref_t<decltype(*std::declval<Result&>().begin())>>();
  } else if constexpr (K == FunctionKind::filter) {
    spec.writes.emplace();
  }
  return spec;
}

template <class F>
std::string callable_name(const F& function) {
  if constexpr (std::is_pointer_v<F>) {
    return function_name(reinterpret_cast<const void*>(function));
  } else {
    return std::string(type_name<F>());
  }
}

/// Keeps the bound arguments as the types of the function's parameters.
template <FunctionKind K, class S, class F, class... Parameter, class... Bound>
std::shared_ptr<const FunctionSpec> bind_function(F function, members::Types<Parameter...>, Bound&&... bound) {
  using Call = BoundCall<F, Kept<Parameter>...>;
  FunctionSpec spec = describe<K, S>(callable_name(function), false);
  spec.make = [call = Call{std::move(function), {static_cast<Kept<Parameter>>(std::forward<Bound>(bound))...}}] {
    return make_typed<K, S>(call);
  };
  return std::make_shared<const FunctionSpec>(std::move(spec));
}

template <class S, class F, class... Parameter, class... Bound>
std::shared_ptr<const FunctionSpec> bind_column(std::string name, F function, members::Types<Parameter...>,
                                                Bound&&... bound) {
  using Call = BoundCall<F, Kept<Parameter>...>;
  FunctionSpec spec;
  spec.kind = FunctionKind::map;
  spec.name = name;
  spec.reads = column_names_of<typename S::Row>();
  spec.writes = spec.reads;
  if (spec.writes) spec.writes->push_back(name);
  spec.make = [name, call = Call{std::move(function), {static_cast<Kept<Parameter>>(std::forward<Bound>(bound))...}}] {
    return std::make_unique<ColumnFunction<typename S::Row, typename S::Result, Call>>(call, name);
  };
  return std::make_shared<const FunctionSpec>(std::move(spec));
}

/// A function, lambda or function object as a step; `bound` follow the row (or batch) when it is called. Where a check
/// fails the program does not compile, so null never reaches a plan.
template <FunctionKind K, class F, class... Bound>
std::shared_ptr<const FunctionSpec> row_function(F&& function, Bound&&... bound) {
  using Callable = std::decay_t<F>;
  if constexpr (refuse<find_fault<K, false, Callable, std::decay_t<Bound>...>(), K>()) {
    using S = SignatureOf<Callable>;
    return bind_function<K, S>(Callable(std::forward<F>(function)), typename S::BoundParameters{},
                               std::forward<Bound>(bound)...);
  } else {
    return nullptr;
  }
}

/// The object of a class step.
template <class C>
struct ClassCall {
  std::unique_ptr<C> object;
  template <class In>
  decltype(auto) operator()(In&& in) {
    return (*object)(std::forward<In>(in));
  }
};

/// A class as a step: constructed from `args` once in each worker.
template <FunctionKind K, class C, class... Args>
std::shared_ptr<const FunctionSpec> class_function(Args&&... args) {
  if constexpr (refuse<find_class_fault<K, C, std::decay_t<Args>...>(), K>()) {
    FunctionSpec spec = describe<K, SignatureOf<C>>(std::string(type_name<C>()), true);
    spec.make = [kept = std::tuple<Kept<Args>...>(std::forward<Args>(args)...)] {
      auto object = std::apply([](const auto&... values) { return std::make_unique<C>(values...); }, kept);
      return make_typed<K, SignatureOf<C>>(ClassCall<C>{std::move(object)});
    };
    return std::make_shared<const FunctionSpec>(std::move(spec));
  } else {
    return nullptr;
  }
}

/// add_column(name, function): the function takes the row as a plain struct or sd::Row and returns the new value.
template <class F, class... Bound>
std::shared_ptr<const FunctionSpec> column_function(std::string name, F&& function, Bound&&... bound) {
  using Callable = std::decay_t<F>;
  if constexpr (refuse<find_fault<FunctionKind::map, true, Callable, std::decay_t<Bound>...>(), FunctionKind::map>()) {
    using S = SignatureOf<Callable>;
    return bind_column<S>(std::move(name), Callable(std::forward<F>(function)), typename S::BoundParameters{},
                          std::forward<Bound>(bound)...);
  } else {
    return nullptr;
  }
}

}  // namespace shoal::data::inline v1::detail
