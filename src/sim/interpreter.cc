#include <algorithm>

#include "sim/program.h"

namespace shoal::sim {
namespace {

using Values = std::vector<std::int64_t>;

Values through(const SimStep& step, const Values& in) {
  Values out;
  for (const std::int64_t n : in) {
    std::int64_t copies = 1;
    std::int64_t value = n;
    if (step.kind == StepKind::add) value = n + step.k;
    if (step.kind == StepKind::scale) value = n * step.k;
    if (step.kind == StepKind::keep) copies = n % step.k != 0 ? 1 : 0;
    if (step.kind == StepKind::repeat) copies = n % step.k;
    for (std::int64_t i = 0; i < copies; ++i) out.push_back(value);
  }
  return out;
}

Values through(const data::RowWindow& window, const Values& in) {
  Values out;
  for (std::size_t i = 0; i < in.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    if (at >= window.offset && at - window.offset < window.length) out.push_back(in[i]);
  }
  return out;
}

}  // namespace

Meaning interpret(const Program& program) {
  Meaning meaning;
  std::int64_t total = 0;
  for (const auto& split : program.splits) {
    for (const std::int64_t rows : split) total += rows;
  }
  for (std::int64_t n = 0; n < total; ++n) meaning.rows.push_back(n);
  for (const SimOperator& op : program.operators) {
    for (const SimStep& step : op.steps) meaning.rows = through(step, meaning.rows);
    if (!op.preserve_order) meaning.ordered = false;
    if (meaning.ordered) {
      meaning.rows = through(op.window, meaning.rows);
    } else if (!op.window.is_everything()) {
      const auto left = static_cast<std::int64_t>(meaning.rows.size()) - op.window.offset;
      meaning.limit = std::clamp<std::int64_t>(left, 0, op.window.length);
    }
  }
  return meaning;
}

bool Program::may_fail() const {
  const auto fails = [](const SimOperator& op) { return op.failures.every > 0 && op.failures.times > op.retries; };
  return lost_forever || std::any_of(operators.begin(), operators.end(), fails);
}

}  // namespace shoal::sim
