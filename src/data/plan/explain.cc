#include "data/plan/explain.h"

#include <fmt/format.h>

#include <limits>
#include <vector>

#include <shoal/base/bytes.h>

#include "data/exec/physical.h"
#include "data/op/limit.h"
#include "data/plan/lower.h"
#include "data/plan/schema_text.h"
#include "data/rule/rule.h"

namespace shoal::data {
namespace {

/// One line a step, the source first; what a deferred step is made from stands before it, further in.
void print_logical(const NodePtr& plan, int depth, std::string& text) {
  for (const NodePtr& node : chain_of(plan)) {
    if (const auto* deferred = dynamic_cast<const Deferred*>(node.get())) {
      print_logical(deferred->origin(), depth + 1, text);
    }
    text += fmt::format("{:{}}{}\n", "", 2 * depth, node->describe());
  }
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string describe_operator(const PhysicalOperator& op) {
  std::string text = fmt::format("{:g} CPU", op.num_cpus);
  if (op.num_gpus > 0) text += fmt::format(", {:g} GPU", op.num_gpus);
  if (op.pool) text += fmt::format(", {} to {} workers", op.pool->min, op.pool->max);
  if (op.concurrency != std::numeric_limits<int>::max()) text += fmt::format(", at most {} at once", op.concurrency);
  if (op.retries > 0) text += fmt::format(", {} retries", op.retries);
  if (!op.preserve_order) text += ", any order";
  if (!op.window.is_everything()) text += ", " + describe_window(op.window);
  return text;
}

std::string print_physical(const NodePtr& plan, const RunSettings& settings) {
  auto operators = lower_operators(plan, settings);
  if (!operators.ok()) return fmt::format("  cannot run: {}\n", operators.status().text());
  PhysicalPlan physical;
  physical.operators = std::move(operators).value();
  std::string text = "  " + plan_line(physical) + "\n";
  for (std::size_t i = 0; i < physical.operators.size(); ++i) {
    const PhysicalOperator& op = physical.operators[i];
    text += fmt::format("  {}. {}: {}\n", i + 1, op.pipeline->label, describe_operator(op));
  }
  return text;
}

}  // namespace

std::string plan_line(const PhysicalPlan& plan) {
  std::string text;
  for (const PhysicalOperator& op : plan.operators) {
    if (!text.empty()) text += " -> ";
    text += op.pipeline->label;
    if (op.window.is_everything()) continue;
    text += op.window.offset == 0 ? " -> Limit" : " -> Window";
  }
  return text;
}

std::string explain(const NodePtr& plan, const RunSettings& settings) {
  const OptimizedPlan optimized = optimize(plan);
  std::string text = "Logical plan\n";
  print_logical(plan, 1, text);
  text += "Rules: " + (optimized.changed_by.empty() ? "none changed it" : join(optimized.changed_by)) +
          (settings.fuse ? "" : "; fusion is off") + "\n";
  if (optimized.plan != plan) {
    text += "Optimized plan\n";
    print_logical(optimized.plan, 1, text);
  }
  text += "Physical operators\n" + print_physical(optimized.plan, settings);
  text += fmt::format("Run: {:g} CPUs, {:g} GPUs, budget {}, blocks of {}{}\n", settings.num_cpus, settings.num_gpus,
                      format_bytes(settings.memory_budget), format_bytes(settings.block_bytes),
                      settings.preserve_order ? "" : ", rows in any order");
  return text;
}

std::string summarize(const NodePtr& plan, const RunSettings& settings) {
  const auto rows = known_rows(*plan);
  const SchemaPtr schema = known_schema(*plan);
  std::string blocks = "unknown";
  const NodePtr source = chain_of(plan).front();
  if (known_rows(*source)) {  // rows that are known without I/O stand for splits that are
    if (const auto made = source->source()) {
      const auto splits = made->split_count(settings.parallelism, settings.block_bytes);
      if (splits.ok()) blocks = std::to_string(splits.value());
    }
  }
  return fmt::format("Dataset(rows = {}, blocks = {}, schema = {})", rows ? std::to_string(*rows) : "unknown", blocks,
                     schema == nullptr ? "unknown" : schema_text(*schema));
}

}  // namespace shoal::data
