#include <deque>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/cluster/program.h"

namespace shoal::sim::cluster {
namespace {

/// Walks a script with shapes in the place of references.
class Walk {
 public:
  Walk(const Program& program, std::uint32_t index) : program_(program), index_(index) {}

  std::string run() {
    const Script& script = program_.scripts[index_];
    Register next = 0;
    for (const Shape value : script.values) {
      if (value >= program_.shapes.size()) return fault("a shape that is none");
      if (!script.opens) continue;
      for (const Shape nested : program_.shapes[value]) held_[next++] = nested;
    }
    for (const Shape ref : script.refs) held_[next++] = ref;
    for (const Op& op : script.ops) step(op);
    if (script.returns.size() != script.result_shapes.size()) fault("results without shapes");
    for (std::size_t result = 0; result < script.returns.size() && fault_.empty(); ++result) {
      if (shapes(script.returns[result]) != nested(script.result_shapes[result])) fault("a result of another shape");
    }
    return fault_;
  }

 private:
  std::string fault(const std::string& text) {
    if (fault_.empty()) fault_ = fmt::format("script {}: {}", index_, text);
    return fault_;
  }
  Shape shape(Register reg) {
    const auto found = held_.find(reg);
    if (found != held_.end()) return found->second;
    fault(fmt::format("register {} holds nothing", reg));
    return 0;
  }
  std::vector<Shape> shapes(const std::vector<Register>& registers) {
    std::vector<Shape> all;
    for (const Register reg : registers) all.push_back(shape(reg));
    return all;
  }
  const std::vector<Shape>& nested(Shape shape) {
    if (shape < program_.shapes.size()) return program_.shapes[shape];
    fault("a shape that is none");
    return program_.shapes[0];
  }
  void hold(const std::vector<Register>& outs, const std::vector<Shape>& shapes) {
    if (outs.size() != shapes.size()) fault("as many results as there are not");
    for (std::size_t n = 0; n < outs.size() && fault_.empty(); ++n) {
      if (!held_.emplace(outs[n], shapes[n]).second) fault("a register is used twice");
    }
  }

  void step(const Op& op) {
    switch (op.kind) {
      case OpKind::put: return put(op);
      case OpKind::submit: return submit(op);
      case OpKind::get: {
        const std::vector<Shape> inner = nested(shape(op.in));
        return hold(op.outs, inner);
      }
      case OpKind::wait:
        if (op.k < 1 || op.k > op.refs.size()) fault("waits for what cannot be");
        shapes(op.refs);
        return;
      case OpKind::drop:
        shape(op.in);
        held_.erase(op.in);
        return;
      case OpKind::yield:
        if (!program_.scripts[index_].stream) fault("gives items and is no stream");
        items_.push_back(shape_with(shapes(op.refs)));
        return;
      case OpKind::next: return next(op);
      case OpKind::end:
        if (!streams_.contains(op.in) || !streams_[op.in].empty()) fault("ends what is no stream, or has more items");
        shape(op.in);
        return;
      case OpKind::cancel:
        if (!submitted_.contains(op.in)) fault("cancels what is not its own");
        [[fallthrough]];
      case OpKind::settle: shape(op.in); return;
      case OpKind::fail: return;
    }
  }
  void put(const Op& op) { return hold(op.outs, {shape_with(shapes(op.refs))}); }
  Shape shape_with(const std::vector<Shape>& inner) {
    for (Shape known = 0; known < program_.shapes.size(); ++known) {
      if (program_.shapes[known] == inner) return known;
    }
    fault("a value of no shape");
    return 0;
  }
  void submit(const Op& op) {
    if (op.script == 0 || op.script >= program_.scripts.size()) {
      fault("calls no script");
      return;
    }
    const Script& callee = program_.scripts[op.script];
    if (shapes(op.values) != callee.values || shapes(op.refs) != callee.refs) fault("calls with other arguments");
    hold(op.outs, callee.result_shapes);
    if (callee.stream && callee.returns.size() != 1) fault("a stream with other results than its end");
    if (callee.stream && !op.outs.empty()) streams_[op.outs[0]] = items_of(op.script);
    for (const Register out : op.outs) submitted_[out] = true;
  }

  void next(const Op& op) {
    shape(op.in);
    std::deque<Shape>& items = streams_[op.in];
    if (items.empty()) {
      fault("takes an item that is not there");
      return;
    }
    hold(op.outs, {items.front()});
    items.pop_front();
  }
  /// Of a stream: what it gives where nothing fails.
  std::deque<Shape> items_of(std::uint32_t script) const { return Walk(program_, script).items(); }
  std::deque<Shape> items() {
    run();
    return items_;
  }

  const Program& program_;
  const std::uint32_t index_;
  std::map<Register, std::deque<Shape>> streams_;
  std::deque<Shape> items_;
  std::map<Register, Shape> held_;
  std::map<Register, bool> submitted_;
  std::string fault_;
};

std::string to_string(const Op& op) {
  const std::string outs = op.outs.empty() ? "" : fmt::format("{} = ", fmt::join(op.outs, ", "));
  switch (op.kind) {
    case OpKind::put: return fmt::format("{}put #{} refs({})", outs, op.k, fmt::join(op.refs, ", "));
    case OpKind::submit:
      return fmt::format("{}submit script{} #{} values({}) refs({})", outs, op.script, op.k, fmt::join(op.values, ", "),
                         fmt::join(op.refs, ", "));
    case OpKind::get: return fmt::format("{}get {}", outs, op.in);
    case OpKind::settle: return fmt::format("settle {}", op.in);
    case OpKind::wait: return fmt::format("wait {} of ({})", op.k, fmt::join(op.refs, ", "));
    case OpKind::drop: return fmt::format("drop {}", op.in);
    case OpKind::cancel: return fmt::format("cancel {}", op.in);
    case OpKind::fail: return op.k == 0 ? "fail" : fmt::format("fail before attempt {}", op.k);
    case OpKind::yield: return fmt::format("yield #{} refs({})", op.k, fmt::join(op.refs, ", "));
    case OpKind::next: return fmt::format("{}next {}", outs, op.in);
    case OpKind::end: return fmt::format("end {}", op.in);
  }
  return "?";
}

}  // namespace

std::string fault_of(const Program& program) {
  if (program.shapes.empty() || !program.shapes[0].empty()) return "shape 0 has references";
  for (std::uint32_t index = 0; index < program.scripts.size(); ++index) {
    if (std::string fault = Walk(program, index).run(); !fault.empty()) return fault;
  }
  return program.scripts.empty() ? "no script" : "";
}

std::string to_string(const Program& program) {
  std::string text = fmt::format("{} machines of {} CPUs, {} drivers, {} kills, {} losses, {} tasks\n",
                                 program.machines, program.workers, program.drivers, program.kills, program.losses,
                                 program.tasks());
  for (std::size_t index = 0; index < program.scripts.size(); ++index) {
    const Script& script = program.scripts[index];
    if (index > 0 && script.returns.empty()) continue;
    text += fmt::format("script{} values({}) refs({}){} retries {} cpus {}\n", index, fmt::join(script.values, ", "),
                        fmt::join(script.refs, ", "), script.opens ? " opens" : "", script.retries, script.cpus);
    for (const Op& op : script.ops) text += "  " + to_string(op) + "\n";
    for (const auto& refs : script.returns) text += fmt::format("  return refs({})\n", fmt::join(refs, ", "));
  }
  return text;
}

}  // namespace shoal::sim::cluster
