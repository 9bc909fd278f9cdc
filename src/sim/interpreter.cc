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

using Blocks = std::vector<Values>;

/// The ordered blocks that are made before somebody fails for good, and whether somebody does.
struct Made {
  Blocks blocks;
  bool fails = false;
};

/// Fragment by fragment, each over its blocks; a fragment that fails for good gives what it made before.
void run_fragments(const SimOperator& op, const std::vector<Blocks>& fragments, Made& made) {
  const OwnFailures& failures = op.failures;
  for (std::size_t ordinal = 0; ordinal < fragments.size(); ++ordinal) {
    const bool fails = failures.every > 0 && failures.times > op.retries &&
                       static_cast<std::int64_t>(ordinal) % failures.every == failures.every - 1;
    std::int64_t items = 0;
    for (Values block : fragments[ordinal]) {
      for (const SimStep& step : op.steps) block = through(step, block);
      if (block.empty()) continue;
      if (fails && items == failures.item) break;
      made.blocks.push_back(std::move(block));
      ++items;
    }
    if (fails) {
      made.fails = true;
      return;
    }
  }
}

/// Cuts to the window. Who fails behind its last row is not needed.
void cut(const data::RowWindow& window, Made& made) {
  const std::int64_t end = window.length == 0                                 ? 0
                           : window.length > data::k_all_rows - window.offset ? data::k_all_rows
                                                                              : window.offset + window.length;
  Blocks kept;
  std::int64_t at = 0;
  for (const Values& block : made.blocks) {
    Values inside;
    for (const std::int64_t n : block) {
      if (at >= window.offset && at < end) inside.push_back(n);
      ++at;
    }
    if (!inside.empty()) kept.push_back(std::move(inside));
  }
  made.blocks = std::move(kept);
  if (at >= end) made.fails = false;
}

std::vector<Blocks> split_fragments(const Program& program) {
  std::vector<Blocks> fragments;
  std::int64_t n = 0;
  for (const auto& split : program.splits) {
    Blocks& blocks = fragments.emplace_back();
    for (const std::int64_t rows : split) {
      Values& block = blocks.emplace_back();
      for (std::int64_t i = 0; i < rows; ++i) block.push_back(n++);
    }
  }
  return fragments;
}

Meaning interpret_ordered(const Program& program) {
  std::vector<Blocks> fragments = split_fragments(program);
  Made made;
  for (const SimOperator& op : program.operators) {
    made.blocks.clear();
    run_fragments(op, fragments, made);
    cut(op.window, made);
    fragments.clear();
    for (Values& block : made.blocks) fragments.push_back({std::move(block)});
  }
  Meaning meaning;
  meaning.fails = made.fails;
  for (const Blocks& last : fragments) meaning.rows.insert(meaning.rows.end(), last[0].begin(), last[0].end());
  return meaning;
}

/// Which rows an unordered operator's window lets through is open, and who fails when too; here nobody does.
Meaning interpret_unordered(const Program& program) {
  Meaning meaning;
  meaning.ordered = false;
  for (const Blocks& blocks : split_fragments(program)) {
    for (const Values& block : blocks) meaning.rows.insert(meaning.rows.end(), block.begin(), block.end());
  }
  bool ordered = true;
  for (const SimOperator& op : program.operators) {
    for (const SimStep& step : op.steps) meaning.rows = through(step, meaning.rows);
    ordered = ordered && op.preserve_order;
    if (ordered) {
      Made made;
      made.blocks.push_back(std::move(meaning.rows));
      cut(op.window, made);
      meaning.rows = made.blocks.empty() ? Values() : made.blocks[0];
    } else if (!op.window.is_everything()) {
      const auto left = static_cast<std::int64_t>(meaning.rows.size()) - op.window.offset;
      meaning.limit = std::clamp<std::int64_t>(left, 0, op.window.length);
    }
  }
  return meaning;
}

}  // namespace

Meaning interpret(const Program& program) {
  const bool ordered = std::all_of(program.operators.begin(), program.operators.end(),
                                   [](const SimOperator& op) { return op.preserve_order; });
  return ordered ? interpret_ordered(program) : interpret_unordered(program);
}

bool Program::may_fail() const {
  const auto fails = [](const SimOperator& op) { return op.failures.every > 0 && op.failures.times > op.retries; };
  return lost_forever || std::any_of(operators.begin(), operators.end(), fails);
}

}  // namespace shoal::sim
