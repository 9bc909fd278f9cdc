#include "data/op/map_step.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "base/thread_safety.h"
#include "data/op/ship.h"
#include "data/op/ship_function.h"
#include "data/rows/arrow_types.h"

namespace shoal::data {
namespace {

using detail::Function;
using detail::FunctionKind;
using detail::FunctionSpec;

std::string_view verb(FunctionKind kind) {
  switch (kind) {
    case FunctionKind::map: return "Map";
    case FunctionKind::flat_map: return "FlatMap";
    case FunctionKind::filter: return "Filter";
    case FunctionKind::map_batches: return "MapBatches";
  }
  return "Map";
}

/// The columns that a call returned, for others that return the same: equal blocks of one run have one schema object,
/// so that comparing them costs a pointer. Shared by the fragments of a run; thread-safe.
class SharedColumns {
 public:
  /// `own` where there is none yet.
  SchemaPtr get(const SchemaPtr& own) {
    const Lock lock(mutex_);
    if (schema_ == nullptr) schema_ = own;
    return schema_;
  }

 private:
  Mutex mutex_;
  SchemaPtr schema_ GUARDED_BY(mutex_);
};

class FunctionState final : public StepState {
 public:
  explicit FunctionState(std::unique_ptr<Function> made) : function(std::move(made)) {}
  std::unique_ptr<Function> function;
};

/// What a step's streams share.
struct MapShared {
  std::shared_ptr<const FunctionSpec> spec;
  std::string label;
  std::int64_t batch_rows;
  SharedColumns columns;
};

/// Status of the exception in flight: errors of Shoal (a missing column, a store) keep their code.
Status describe_exception(const std::string& label, const std::string& where) {
  const Status status = Status::from_current_exception();
  const char* verb = status.code() == ErrorCode::user_function ? " threw" : " failed";
  return Status(status.code(), label + verb + where + ": " + status.text(), status.cause());
}

Result<std::unique_ptr<Function>> make_function(const FunctionSpec& spec, const std::string& label) {
  try {
    return spec.make();
  } catch (...) { return describe_exception(label, " while it was constructed"); }
}

/// Values of a column that says where rows came from, if they have one: the first row's and the last one's.
std::string origin_of(const arrow::RecordBatch& rows) {
  for (const char* name : {"path", "uri"}) {
    const auto column = rows.GetColumnByName(name);
    if (column == nullptr || column->type_id() != arrow::Type::STRING || column->length() == 0) continue;
    const auto& values = static_cast<const arrow::StringArray&>(*column);
    std::string text = values.IsNull(0) ? std::string() : values.GetString(0);
    const std::int64_t last = values.length() - 1;
    if (last > 0 && !values.IsNull(last)) text += " to " + values.GetString(last);
    return text;
  }
  return {};
}

class MapStream final : public Stream {
 public:
  MapStream(std::shared_ptr<MapShared> shared, std::unique_ptr<Stream> input, const StepContext& context,
            Function* function)
      : shared_(std::move(shared)), input_(std::move(input)), context_(context), function_(function) {}

  void prepare() override { input_->prepare(); }

  Result<Rows> next() override {
    while (true) {
      if (context_.is_cancelled()) return cancelled();
      if (block_ == nullptr || row_ >= block_->num_rows()) {
        SHOAL_ASSIGN_OR_RETURN(block_, input_->next());
        row_ = 0;
        if (block_ == nullptr) return Rows();
      }
      const Rows batch = block_->Slice(row_, shared_->batch_rows);
      SHOAL_ASSIGN_OR_RETURN(Rows out, call(batch));
      row_ += batch->num_rows();
      rows_seen_ += batch->num_rows();
      if (out->num_rows() > 0) return out;
    }
  }

  bool at_end() const override { return (block_ == nullptr || row_ >= block_->num_rows()) && input_->at_end(); }

 private:
  Status cancelled() const { return Status(ErrorCode::cancelled, shared_->label + " was cancelled"); }

  Result<Rows> call(const Rows& batch) {
    SHOAL_RETURN_IF_ERROR(find_function());
    Rows out;
    function_->set_stop(context_.stop);
    const ColumnPool pool(context_.column_pool());
    try {
      out = function_->call(batch);
    } catch (...) {
      if (context_.is_cancelled()) return cancelled();
      return describe_exception(shared_->label, where(*batch));
    }
    if (out == nullptr) return Status(ErrorCode::user_function, shared_->label + " returned no batch" + where(*batch));
    return out->num_rows() == 0 ? out : with_shared_columns(std::move(out));
  }

  Rows with_shared_columns(Rows out) {
    if (columns_ == nullptr) columns_ = shared_->columns.get(out->schema());
    if (out->schema() == columns_ || !out->schema()->Equals(*columns_, /*check_metadata=*/true)) return out;
    return arrow::RecordBatch::Make(columns_, out->num_rows(), out->column_data());
  }

  Status find_function() {
    if (function_ != nullptr) return {};
    SHOAL_ASSIGN_OR_RETURN(owned_, make_function(*shared_->spec, shared_->label));
    function_ = owned_.get();
    return {};
  }

  std::string where(const arrow::RecordBatch& batch) const {
    const std::optional<std::int64_t> row = function_->failed_row();
    const std::int64_t first = rows_seen_ + row.value_or(0);
    std::string text = row ? " on row " + std::to_string(first)
                           : " on rows " + std::to_string(first) + " to " +
                                 std::to_string(first + batch.num_rows() - 1);
    text += " of input block " + std::to_string(context_.ordinal);
    const std::string origin = origin_of(row ? *batch.Slice(*row, 1) : batch);
    return origin.empty() ? text : text + " (" + origin + ")";
  }

  const std::shared_ptr<MapShared> shared_;
  const std::unique_ptr<Stream> input_;
  const StepContext& context_;
  Function* function_;  // of the worker, or owned_
  std::unique_ptr<Function> owned_;
  Rows block_;
  std::int64_t row_ = 0;        // in block_
  std::int64_t rows_seen_ = 0;  // in this fragment
  SchemaPtr columns_;           // of most outputs
};

/// What a step's options say of how it calls its function.
struct MapCalls {
  std::string label{};
  std::int64_t batch_rows = 0;
  std::int64_t asked_rows = 0;
  bool has_state = false;
};

MapCalls calls_of(const FunctionSpec& spec, const StepOptions& options) {
  const std::int64_t rows = spec.kind == FunctionKind::map_batches ? k_default_batch_rows : k_row_function_rows;
  return {.label = function_label(spec, options),
          .batch_rows = options.batch_size.value_or(rows),
          .asked_rows = options.batch_size.value_or(0),
          .has_state = spec.has_state || options.pool != Pool{}};
}

class MapStep final : public Step {
 public:
  MapStep(std::shared_ptr<const FunctionSpec> spec, MapCalls calls)
      : shared_(std::make_shared<MapShared>()), calls_(std::move(calls)) {
    shared_->label = calls_.label;
    shared_->batch_rows = calls_.batch_rows;
    shared_->spec = std::move(spec);
  }

  std::string label() const override { return shared_->label; }
  std::int64_t batch_rows() const override { return calls_.asked_rows; }
  bool has_state() const override { return calls_.has_state; }
  Result<Shipped<Step>> ship() const override {
    if (shared_->spec->decode == nullptr) return Step::ship();
    return ship_as<MapStep>(calls_, ShippedFunction{shared_->spec});
  }
  static Result<std::shared_ptr<const Step>> remake(MapCalls calls, ShippedFunction function) {
    if (calls.batch_rows < 1) return Status(ErrorCode::corrupt_data, calls.label + ": it would call with no rows");
    return std::shared_ptr<const Step>(std::make_shared<MapStep>(std::move(function.spec), std::move(calls)));
  }

  Result<std::unique_ptr<StepState>> make_state() const override {
    SHOAL_ASSIGN_OR_RETURN(auto function, make_function(*shared_->spec, shared_->label));
    return std::unique_ptr<StepState>(std::make_unique<FunctionState>(std::move(function)));
  }

  std::unique_ptr<Stream> open(std::unique_ptr<Stream> input, const StepContext& context,
                               StepState* state) const override {
    Function* function = state == nullptr ? nullptr : static_cast<FunctionState*>(state)->function.get();
    return std::make_unique<MapStream>(shared_, std::move(input), context, function);
  }

 private:
  const std::shared_ptr<MapShared> shared_;
  const MapCalls calls_;
};

}  // namespace

std::string function_label(const FunctionSpec& spec, const StepOptions& options) {
  const std::string& name = options.name.empty() ? spec.name : options.name;
  return std::string(verb(spec.kind)) + "(" + name + ")";
}

std::shared_ptr<const Step> make_map_step(std::shared_ptr<const FunctionSpec> spec, const StepOptions& options) {
  MapCalls calls = calls_of(*spec, options);
  return std::make_shared<MapStep>(std::move(spec), std::move(calls));
}

MapNode::MapNode(NodePtr input, std::shared_ptr<const FunctionSpec> spec, StepOptions options)
    : Node(std::move(input)), spec_(std::move(spec)), options_(std::move(options)) {}

std::string MapNode::describe() const {
  std::string text = function_label(*spec_, options_);
  text.pop_back();
  if (options_.batch_size) text += ", batch_size = " + std::to_string(*options_.batch_size);
  return text + ")";
}

NodePtr MapNode::with_input(NodePtr input) const {
  return std::make_shared<MapNode>(std::move(input), spec_, options_);
}

std::shared_ptr<const Step> MapNode::step() const { return make_map_step(spec_, options_); }

std::optional<std::int64_t> MapNode::known_rows(std::optional<std::int64_t> input_rows) const {
  return keeps_row_count() ? input_rows : std::nullopt;
}

std::optional<std::vector<std::string>> MapNode::needed_columns(const std::vector<std::string>& wanted) const {
  if (!spec_->reads) return std::nullopt;
  std::vector<std::string> needed = *spec_->reads;
  const auto contains = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const std::string& name : wanted) {
    const bool made_here = spec_->writes && contains(*spec_->writes, name);
    if (!made_here && !contains(needed, name)) needed.push_back(name);
  }
  return needed;
}

}  // namespace shoal::data
