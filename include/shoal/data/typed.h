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
  if constexpr (K == FunctionKind::map || K == FunctionKind::flat_map) {
    spec.writes = column_names_of<RowGiven<K, typename S::Result>>();
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

template <StepForm Form>
struct FormTag {};

/// The callable's type and the types of its arguments.
template <StepForm Form, class C, class... Args>
struct GivenTypes {
  using type = members::Types<Args...>;
};
template <class C, class... Args>
struct GivenTypes<StepForm::object, C, Args...> {
  using type = members::Types<C, Args...>;
};
template <class C, class Name, class... Args>
struct GivenTypes<StepForm::column, C, Name, Args...> {
  using type = members::Types<Args...>;
};
template <StepForm Form, class C, class... Args>
using Given = typename GivenTypes<Form, C, Args...>::type;

/// Keeps the bound arguments as the types of the function's parameters.
template <class F, class... Parameter, class... Bound>
BoundCall<F, Kept<Parameter>...> bind_call(F function, members::Types<Parameter...>, Bound&&... bound) {
  return {std::move(function), {static_cast<Kept<Parameter>>(std::forward<Bound>(bound))...}};
}

template <FunctionKind K, class, class F, class... Bound>
std::shared_ptr<const FunctionSpec> make_spec(FormTag<StepForm::function>, F&& function, Bound&&... bound) {
  using S = SignatureOf<std::decay_t<F>>;
  FunctionSpec spec = describe<K, S>(callable_name<std::decay_t<F>>(function), false);
  spec.make = [call = bind_call(std::decay_t<F>(std::forward<F>(function)), typename S::BoundParameters{},
                                std::forward<Bound>(bound)...)] { return make_typed<K, S>(call); };
  return std::make_shared<const FunctionSpec>(std::move(spec));
}

template <FunctionKind K, class, class F, class... Bound>
std::shared_ptr<const FunctionSpec> make_spec(FormTag<StepForm::column>, std::string name, F&& function,
                                              Bound&&... bound) {
  using S = SignatureOf<std::decay_t<F>>;
  FunctionSpec spec;
  spec.kind = K;
  spec.name = name;
  spec.reads = column_names_of<typename S::Row>();
  spec.writes = spec.reads;
  if (spec.writes) spec.writes->push_back(name);
  spec.make = [name, call = bind_call(std::decay_t<F>(std::forward<F>(function)), typename S::BoundParameters{},
                                      std::forward<Bound>(bound)...)] {
    return std::make_unique<ColumnFunction<typename S::Row, typename S::Result, std::remove_cvref_t<decltype(call)>>>(
        call, name);
  };
  return std::make_shared<const FunctionSpec>(std::move(spec));
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

template <FunctionKind K, class C, class... Args>
std::shared_ptr<const FunctionSpec> make_spec(FormTag<StepForm::object>, Args&&... args) {
  FunctionSpec spec = describe<K, SignatureOf<C>>(std::string(type_name<C>()), true);
  spec.make = [kept = std::tuple<Kept<Args>...>(std::forward<Args>(args)...)] {
    auto object = std::apply([](const auto&... values) { return std::make_unique<C>(values...); }, kept);
    return make_typed<K, SignatureOf<C>>(ClassCall<C>{std::move(object)});
  };
  return std::make_shared<const FunctionSpec>(std::move(spec));
}

/// Whether there is no fault of this kind. A function, because compilers explain comparisons at length.
consteval bool fits(Fault found, Fault kind) { return found != kind; }

/// Makes a spec of what a step was given. One template for all forms, so that a refused program has a short message:
/// every check stands in the function that the step calls.
template <FunctionKind K, StepForm Form, class C = void>
struct StepMaker {
  template <class... Args>
  std::shared_ptr<const FunctionSpec> operator()(Args&&... args) const {
    constexpr Fault fault = find_fault<K, Form>(Given<Form, C, std::decay_t<Args>...>{});
    using Struct = RowAtFault<K, fault, Given<Form, C, std::decay_t<Args>...>>;
    using Wrong = Misfit<Struct>;
    static_assert(
        fits(fault, Fault::text),
        "shoal: a step takes a function, not text; filter also takes an expression: .filter(sd::col(\"id\") > 3)");
    static_assert(fits(fault, Fault::generic),
                  "shoal: a step needs one signature: write the row's type, [](Digit digit) instead of [](auto digit), "
                  "and do not overload operator()");
    static_assert(fits(fault, Fault::captures),
                  "shoal: this function holds what another process does not have (a pointer, a reference, `this`, a "
                  "view, or memory of its own). Pass it as an argument: .map(function, {}, value), or make it a class "
                  "step: .map<Class>({}, value). What it holds itself must be numbers, enums or arrays of them, or the "
                  "members of a plain struct; a constructor must be constexpr");
    static_assert(fits(fault, Fault::bases),
                  "shoal: a function object with bases or virtual functions cannot be copied to another process; make "
                  "it a class step: .map<Class>({}, arguments...)");
    static_assert(fits(fault, Fault::row),
                  "shoal: a row is a plain struct (no bases, constructors, virtual functions or private members, at "
                  "most 64 members that each have a default) or sd::Row, taken by value or const reference");
    static_assert(fits(fault, Fault::rows), "shoal: this step takes rows one by one; use map_batches() for sd::Batch");
    static_assert(
        fits(fault, Fault::batch),
        "shoal: map_batches needs sd::Batch function(const sd::Batch&, bound arguments...); use map() for rows");
    static_assert(is_changeable_member<Struct, Wrong::k_name, typename Wrong::Member>,
                  "shoal: a member of a row must not be const, because it is read into");
    static_assert(
        is_column_member<Struct, Wrong::k_name, typename Wrong::Member>,
        "shoal: every member of a row must be a column: a number, bool, enum, std::string, std::string_view, "
        "chrono time, sd::Bytes, sd::Tensor, std::array of numbers, a plain struct of them, or std::vector or "
        "std::optional of one of them");
    static_assert(
        fits(fault, Fault::writable),
        "shoal: rows and batches cannot be changed in place: take them by value or const reference and return "
        "the result");
    static_assert(fits(fault, Fault::map_result),
                  "shoal: map needs a function that returns a plain struct whose members are columns, or sd::Row");
    static_assert(fits(fault, Fault::flat_result),
                  "shoal: flat_map needs a function that returns std::vector of plain structs or of sd::Row");
    static_assert(fits(fault, Fault::result_view),
                  "shoal: a std::string_view in the result may look into text that is gone when the function returns; "
                  "return std::string");
    static_assert(fits(fault, Fault::filter_result), "shoal: filter needs a function that returns bool");
    static_assert(fits(fault, Fault::batch_result), "shoal: map_batches needs a function that returns sd::Batch");
    static_assert(
        fits(fault, Fault::value),
        "shoal: add_column needs a function that returns one value: a number, bool, enum, std::string, "
        "sd::Bytes, sd::Tensor, std::array of numbers, a plain struct of them, or std::vector or std::optional "
        "of one of them");
    static_assert(fits(fault, Fault::count),
                  "shoal: the function takes the row (or batch), then exactly the arguments that follow the options: "
                  ".map(function, {}, first, second). A class step's operator() takes the row alone");
    static_assert(fits(fault, Fault::bound),
                  "shoal: a bound argument must be a value that can be sent to another process: numbers, enums, "
                  "strings, standard containers, optional, variant, tuple, chrono, sd::ObjectHandle, and plain structs "
                  "of them; not a pointer, reference or view. Make what cannot be sent in the constructor of a class "
                  "step");
    static_assert(fits(fault, Fault::bound_type),
                  "shoal: a bound argument does not convert to the function's parameter, which must be taken by value "
                  "or const reference");
    static_assert(fits(fault, Fault::construct),
                  "shoal: the class step cannot be constructed from these arguments, which are passed as const lvalues "
                  "(text as std::string)");
    if constexpr (fault == Fault::none) {
      return make_spec<K, C>(FormTag<Form>{}, std::forward<Args>(args)...);
    } else {
      return nullptr;  // does not compile
    }
  }
};

/// row_function<K>(function, bound...): a function, lambda or function object as a step; `bound` follow the row (or
/// batch) when it is called.
template <FunctionKind K>
inline constexpr StepMaker<K, StepForm::function> row_function{};

/// class_function<K, C>(args...): a class as a step, constructed from `args` once in each worker.
template <FunctionKind K, class C>
inline constexpr StepMaker<K, StepForm::object, C> class_function{};

/// column_function(name, function, bound...): for add_column; the function takes the row as a plain struct or sd::Row
/// and returns the new value.
inline constexpr StepMaker<FunctionKind::map, StepForm::column> column_function{};

}  // namespace shoal::data::inline v1::detail
