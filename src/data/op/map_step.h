#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <shoal/data/function.h>
#include <shoal/data/options.h>

#include "data/plan/node.h"

namespace shoal::data {

/// Rows a call of map_batches gets where `batch_size` is not set.
inline constexpr std::int64_t k_default_batch_rows = 1024;
/// Rows a call gets of a function that takes one row at a time: enough to make the call's own cost vanish, few enough
/// that the rows it makes are soon a block.
inline constexpr std::int64_t k_row_function_rows = 2048;

/// A user function over rows or batches: map, flat_map, filter, map_batches, add_column. A function object with state,
/// or a function that was given a pool, lives in workers; any other is made anew in each fragment.
class MapNode final : public Node {
 public:
  MapNode(NodePtr input, std::shared_ptr<const detail::FunctionSpec> spec, StepOptions options);

  std::string describe() const override;
  NodePtr with_input(NodePtr input) const override;
  std::shared_ptr<const Step> step() const override;
  const StepOptions* options() const override { return &options_; }
  bool keeps_row_count() const override { return spec_->kind == detail::FunctionKind::map; }
  std::optional<std::int64_t> known_rows(std::optional<std::int64_t> input_rows) const override;
  std::optional<std::vector<std::string>> needed_columns(const std::vector<std::string>& wanted) const override;
  /// A typed function names columns that have a default too.
  bool may_lack_columns() const override { return true; }

 private:
  std::shared_ptr<const detail::FunctionSpec> spec_;
  StepOptions options_;
};

/// "Map(label_from_path)": what plans, progress and errors call a step of this kind.
std::string function_label(const detail::FunctionSpec& spec, const StepOptions& options);

/// The step alone. Calls the function with at most `batch_size` rows of one input block at a time, looks for
/// cancellation between calls (and row functions between rows), and turns what it throws into `user_function` errors
/// that name the step and the rows. Whether all calls return the same columns is for those to say who put blocks together (rows/agreed_columns.h). One
/// object per run.
std::shared_ptr<const Step> make_map_step(std::shared_ptr<const detail::FunctionSpec> spec, const StepOptions& options);

}  // namespace shoal::data
