#include <algorithm>
#include <utility>

#include "sim/cluster/run.h"

namespace shoal::sim::cluster {
namespace {

using Fails = std::function<bool(const Program&)>;

class Shrinker {
 public:
  Shrinker(Program program, const Fails& fails) : best_(std::move(program)), fails_(fails) {}

  Program run() {
    do {
      changed_ = false;
      for (std::size_t script = 0; script < best_.scripts.size(); ++script) drop_ops(script);
      for (std::size_t script = 1; script < best_.scripts.size(); ++script) simplify(script);
      simplify_world();
      forget_uncalled();
    } while (changed_);
    return std::move(best_);
  }

 private:
  bool try_this(Program candidate) {
    if (candidate == best_ || !fault_of(candidate).empty() || !fails_(candidate)) return false;
    best_ = std::move(candidate);
    return changed_ = true;
  }

  /// Halves, quarters, ... and single ops, from the end, where others depend on them least.
  void drop_ops(std::size_t script) {
    for (std::size_t length = best_.scripts[script].ops.size(); length > 0; length /= 2) {
      for (std::size_t end = best_.scripts[script].ops.size(); end > 0;) {
        const std::size_t begin = end - std::min(length, end);
        if (!drop(script, begin, end)) drop_with_users(script, begin, end);
        end = std::min(begin, best_.scripts[script].ops.size());
      }
    }
  }
  bool drop(std::size_t script, std::size_t begin, std::size_t end) {
    Program candidate = best_;
    auto& ops = candidate.scripts[script].ops;
    ops.erase(ops.begin() + static_cast<std::ptrdiff_t>(begin), ops.begin() + static_cast<std::ptrdiff_t>(end));
    return try_this(std::move(candidate));
  }
  /// And every later op that would have nothing to work on.
  void drop_with_users(std::size_t script, std::size_t begin, std::size_t end) {
    Program candidate = best_;
    auto& ops = candidate.scripts[script].ops;
    std::vector<Register> gone;
    const auto is_gone = [&gone](Register reg) { return std::ranges::find(gone, reg) != gone.end(); };
    const auto uses_gone = [&](const Op& op) {
      const bool has_in = op.kind != OpKind::put && op.kind != OpKind::submit && op.kind != OpKind::wait &&
                          op.kind != OpKind::fail && op.kind != OpKind::yield;
      return std::ranges::any_of(op.values, is_gone) || std::ranges::any_of(op.refs, is_gone) ||
             (has_in && is_gone(op.in));
    };
    std::vector<Op> kept;
    for (std::size_t index = 0; index < ops.size(); ++index) {
      if ((index >= begin && index < end) || uses_gone(ops[index])) {
        gone.insert(gone.end(), ops[index].outs.begin(), ops[index].outs.end());
      } else {
        kept.push_back(ops[index]);
      }
    }
    ops = std::move(kept);
    try_this(std::move(candidate));
  }

  void simplify(std::size_t script) {
    const auto change = [&](const auto& edit) {
      Program candidate = best_;
      edit(candidate.scripts[script]);
      try_this(std::move(candidate));
    };
    change([](Script& each) { each.retries = 0; });
    change([](Script& each) { each.priority = 0; });
    change([](Script& each) { each.padding = 0; });
    change([](Script& each) { each.cpus = 1; });
    change([](Script& each) { each.ops.clear(); });
  }
  void simplify_world() {
    const auto change = [&](const auto& edit) {
      Program candidate = best_;
      edit(candidate);
      try_this(std::move(candidate));
    };
    change([](Program& each) { each.losses = 0; });
    change([](Program& each) { each.machines = 1; });
    change([](Program& each) { each.drivers = 1; });
    change([](Program& each) { each.kills = 0; });
    change([](Program& each) { each.kills = std::min(each.kills, 1u); });
    change([](Program& each) { each.workers = 1; });
    change([](Program& each) { each.workers = std::min(each.workers, 2u); });
  }
  /// Empties scripts that nobody calls; their numbers stay, so that the text of the rest does not change.
  void forget_uncalled() {
    Program candidate = best_;
    std::vector<bool> called(candidate.scripts.size(), false);
    for (const Script& script : candidate.scripts) {
      for (const Op& op : script.ops) {
        if (op.kind == OpKind::submit) called[op.script] = true;
      }
    }
    for (std::size_t script = 1; script < called.size(); ++script) {
      if (!called[script]) candidate.scripts[script] = {};
    }
    try_this(std::move(candidate));
  }

  Program best_;
  const Fails& fails_;
  bool changed_ = false;
};

}  // namespace

Program shrink(Program program, const std::function<bool(const Program&)>& fails) {
  return Shrinker(std::move(program), fails).run();
}

}  // namespace shoal::sim::cluster
