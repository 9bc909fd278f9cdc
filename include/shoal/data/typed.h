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
#include <shoal/data/typed_functions.h>
#include <shoal/data/typed_rows.h>
#include <shoal/wire/callable.h>
#include <shoal/wire/codec.h>

/// User functions and classes made into `FunctionSpec`s. What could not run in another process, or does not fit the
/// step, does not compile, and the message says what to do.
namespace shoal::data::inline v1::detail {

template <class T>
inline constexpr bool is_step_options = std::is_same_v<std::remove_cvref_t<T>, StepOptions>;

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

/// The spec of what has describe(), make(), encode() and decode(): all that a step was given.
template <class Recipe>
std::shared_ptr<const FunctionSpec> spec_of(Recipe recipe) {
  FunctionSpec spec = recipe.describe();
  const auto kept = std::make_shared<const Recipe>(std::move(recipe));
  spec.make = [kept] { return kept->make(); };
  spec.encode = [kept](Encoder& to) { kept->encode(to); };
  spec.decode = [](Decoder& from) -> std::shared_ptr<const FunctionSpec> {
    Recipe made = Recipe::decode(from);
    return from.ok() ? spec_of(std::move(made)) : nullptr;
  };
  return std::make_shared<const FunctionSpec>(std::move(spec));
}

template <class F, class... Bound>
void encode_call(Encoder& to, const BoundCall<F, Bound...>& call) {
  shoal::detail::encode_callable(to, call.function);
  shoal::encode(to, call.bound);
}

template <class Call>
struct CallDecoder;
template <class F, class... Bound>
struct CallDecoder<BoundCall<F, Bound...>> {
  static BoundCall<F, Bound...> decode(Decoder& from) {
    BoundCall<F, Bound...> call{shoal::detail::decode_callable<F>(from), std::tuple<Bound...>()};
    shoal::decode(from, call.bound);
    return call;
  }
};

/// A function, lambda or function object, with what is bound to it.
template <FunctionKind K, class S, class Call>
struct GivenFunction {
  Call call;

  FunctionSpec describe() const { return detail::describe<K, S>(callable_name(call.function), false); }
  std::unique_ptr<Function> make() const { return make_typed<K, S>(call); }
  void encode(Encoder& to) const { encode_call(to, call); }
  static GivenFunction decode(Decoder& from) { return {CallDecoder<Call>::decode(from)}; }
};

template <FunctionKind K, class, class F, class... Bound>
std::shared_ptr<const FunctionSpec> make_spec(FormTag<StepForm::function>, F&& function, Bound&&... bound) {
  using S = SignatureOf<std::decay_t<F>>;
  auto call = bind_call(std::decay_t<F>(std::forward<F>(function)), typename S::BoundParameters{},
                        std::forward<Bound>(bound)...);
  return spec_of(GivenFunction<K, S, decltype(call)>{std::move(call)});
}

/// The same for add_column, with the column's name.
template <class S, class Call>
struct GivenColumn {
  std::string name;
  Call call;

  FunctionSpec describe() const {
    FunctionSpec spec;
    spec.kind = FunctionKind::map;
    spec.name = name;
    spec.reads = column_names_of<typename S::Row>();
    spec.writes = spec.reads;
    if (spec.writes) spec.writes->push_back(name);
    return spec;
  }
  std::unique_ptr<Function> make() const {
    return std::make_unique<ColumnFunction<typename S::Row, typename S::Result, Call>>(call, name);
  }
  void encode(Encoder& to) const {
    shoal::encode(to, name);
    encode_call(to, call);
  }
  static GivenColumn decode(Decoder& from) {
    std::string column;
    shoal::decode(from, column);
    return {std::move(column), CallDecoder<Call>::decode(from)};
  }
};

template <FunctionKind K, class, class F, class... Bound>
std::shared_ptr<const FunctionSpec> make_spec(FormTag<StepForm::column>, std::string name, F&& function,
                                              Bound&&... bound) {
  static_assert(K == FunctionKind::map);
  using S = SignatureOf<std::decay_t<F>>;
  auto call = bind_call(std::decay_t<F>(std::forward<F>(function)), typename S::BoundParameters{},
                        std::forward<Bound>(bound)...);
  return spec_of(GivenColumn<S, decltype(call)>{std::move(name), std::move(call)});
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

/// A class, and what its constructor gets.
template <FunctionKind K, class C, class... Args>
struct GivenClass {
  std::tuple<Args...> arguments;

  FunctionSpec describe() const { return detail::describe<K, SignatureOf<C>>(std::string(type_name<C>()), true); }
  std::unique_ptr<Function> make() const {
    auto object = std::apply([](const auto&... values) { return std::make_unique<C>(values...); }, arguments);
    return make_typed<K, SignatureOf<C>>(ClassCall<C>{std::move(object)});
  }
  void encode(Encoder& to) const { shoal::encode(to, arguments); }
  static GivenClass decode(Decoder& from) {
    GivenClass given;
    shoal::decode(from, given.arguments);
    return given;
  }
};

template <FunctionKind K, class C, class... Args>
std::shared_ptr<const FunctionSpec> make_spec(FormTag<StepForm::object>, Args&&... args) {
  return spec_of(GivenClass<K, C, Kept<Args>...>{std::tuple<Kept<Args>...>(std::forward<Args>(args)...)});
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
