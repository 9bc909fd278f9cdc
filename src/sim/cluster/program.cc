#include "sim/cluster/program.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "sim/random.h"

namespace shoal::sim::cluster {
namespace {

/// Builds scripts from the outside in: a script is made for the shapes of what it is called with.
class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {
    program_.shapes.emplace_back();
    // A swarm: each kind of thing is common, rare or absent in a program.
    for (int& weight : weights_) weight = random_.pick({0, 1, 4});
    weight(OpKind::submit) = random_.pick({2, 6});
    weight(OpKind::get) = random_.pick({1, 4});
    budget_ = random_.pick({10, 40, 100, 300});
    ops_max_ = random_.pick({4, 10, 20});
    depth_max_ = random_.pick({1, 2, 4, 8});
    padding_ = random_.pick({0u, 0u, 20u, 100u, 3'000u});
    program_.workers = random_.pick({1u, 2u, 3u, 8u});
    program_.kills = random_.chance(40) ? 0 : random_.pick({1u, 3u, 8u});
    program_.machines = random_.pick({1u, 1u, 2u, 3u});
    program_.drivers = random_.pick({1u, 1u, 2u, 4u});
    program_.losses = random_.chance(80) ? 0 : random_.pick({1u, 2u});
    one_kind_ = random_.chance(50);
    fails_ = random_.pick({0, 0, 5, 20});
    streams_ = random_.pick({0, 0, 20, 60});
  }

  Program make() {
    program_.scripts.emplace_back();
    Body root = body({}, {}, false);
    begin(root);
    fill(root, 0, random_.between(2, 4 * ops_max_));
    while (!root.streams.empty()) take(root, root.streams.begin()->first);
    for (const auto& [reg, held] : root.held) root.script.ops.push_back(op_on(OpKind::settle, reg));
    for (const auto& [reg, held] : root.held) root.script.ops.push_back(get(root, reg, held.shape, false));
    program_.scripts[0] = std::move(root.script);
    return std::move(program_);
  }

 private:
  struct Held {
    Shape shape = 0;
    bool submitted = false;  // here, so that it may be cancelled
  };
  struct Body {
    Script script;
    std::map<Register, Held> held;
    std::map<Register, std::vector<Shape>> streams;  // the items that it has not taken, the last first
    std::vector<Shape> items;                        // those that it gives
    Register next = 0;
  };

  /// A task that any machine can run: whatever follows, there will be a worker.
  void begin(Body& root) {
    submit(root, depth_max_ - 1, {}, {});
    program_.scripts[root.script.ops.back().script].cpus = 1;
  }

  int& weight(OpKind kind) { return weights_[static_cast<std::size_t>(kind)]; }

  Shape shape_of(std::vector<Shape> nested) {
    const auto found = std::ranges::find(program_.shapes, nested);
    if (found == program_.shapes.end()) {
      program_.shapes.push_back(std::move(nested));
      return static_cast<Shape>(program_.shapes.size() - 1);
    }
    return static_cast<Shape>(found - program_.shapes.begin());
  }

  Body body(std::vector<Shape> values, std::vector<Shape> refs, bool opens) {
    Body made;
    if (opens) {
      for (const Shape value : values) {
        for (const Shape nested : program_.shapes[value]) made.held[made.next++] = {nested, false};
      }
    }
    for (const Shape ref : refs) made.held[made.next++] = {ref, false};
    made.script.values = std::move(values);
    made.script.refs = std::move(refs);
    made.script.opens = opens;
    made.script.padding = random_.chance(30) ? padding_ : 0;
    return made;
  }

  void fill(Body& body, int depth, std::int64_t ops) {
    for (; ops > 0; --ops) {
      if (body.script.stream && random_.chance(50)) yield(body);
      if (!body.streams.empty() && random_.chance(60)) use_stream(body);
      const OpKind kind = pick_kind();
      if (kind == OpKind::put) {
        put(body);
      } else if (kind == OpKind::submit) {
        if (depth < depth_max_ && budget_ > 0) submit(body, depth);
      } else if (kind == OpKind::wait) {
        wait(body);
      } else if (!body.held.empty()) {
        use_one(body, kind);
      }
    }
  }

  OpKind pick_kind() {
    int sum = 0;
    for (std::size_t kind = 0; kind < k_kinds; ++kind) sum += weights_[kind];
    auto dice = random_.between(0, sum - 1);
    for (std::size_t kind = 0; kind < k_kinds; ++kind) {
      if (dice < weights_[kind]) return static_cast<OpKind>(kind);
      dice -= weights_[kind];
    }
    return OpKind::put;
  }

  Register pick(const Body& body) {
    auto at = body.held.begin();
    std::advance(at, random_.between(0, static_cast<std::int64_t>(body.held.size()) - 1));
    return at->first;
  }
  std::vector<Register> pick_some(const Body& body, std::int64_t most) {
    std::vector<Register> some;
    if (body.held.empty()) return some;
    for (std::int64_t left = random_.between(0, most); left > 0; --left) some.push_back(pick(body));
    return some;
  }
  std::vector<Shape> shapes_of(const Body& body, const std::vector<Register>& registers) {
    std::vector<Shape> shapes;
    for (const Register reg : registers) shapes.push_back(body.held.at(reg).shape);
    return shapes;
  }
  /// Deep values would make more shapes than there are tests of them.
  std::vector<Register> pick_inner(const Body& body) {
    std::vector<Register> some = random_.chance(40) ? pick_some(body, 3) : std::vector<Register>();
    std::erase_if(some, [&](Register reg) { return height(body.held.at(reg).shape) >= 3; });
    return some;
  }
  int height(Shape shape) const {
    int highest = 0;
    for (const Shape nested : program_.shapes[shape]) highest = std::max(highest, 1 + height(nested));
    return highest;
  }

  static Op op_on(OpKind kind, Register in) {
    Op op{};
    op.kind = kind;
    op.in = in;
    return op;
  }
  Op get(Body& body, Register in, Shape shape, bool holds) {
    Op op = op_on(OpKind::get, in);
    for (const Shape nested : program_.shapes[shape]) {
      if (holds) body.held[body.next] = {nested, false};
      op.outs.push_back(body.next++);
    }
    return op;
  }

  void put(Body& body) {
    Op op{};
    op.kind = OpKind::put;
    op.k = random_.next() % 1'000;
    op.refs = pick_inner(body);
    op.outs = {body.next};
    body.held[body.next++] = {shape_of(shapes_of(body, op.refs)), false};
    body.script.ops.push_back(std::move(op));
  }

  void wait(Body& body) {
    Op op{};
    op.kind = OpKind::wait;
    op.refs = pick_some(body, 4);
    std::ranges::sort(op.refs);
    op.refs.erase(std::unique(op.refs.begin(), op.refs.end()), op.refs.end());
    if (op.refs.empty()) return;
    op.k = static_cast<std::uint64_t>(random_.between(1, static_cast<std::int64_t>(op.refs.size())));
    body.script.ops.push_back(std::move(op));
  }

  void use_one(Body& body, OpKind kind) {
    const Register reg = pick(body);
    const Held held = body.held.at(reg);
    if (kind == OpKind::get) return body.script.ops.push_back(get(body, reg, held.shape, true));
    if (kind == OpKind::cancel && !held.submitted) return;
    if (kind == OpKind::drop) body.held.erase(reg);
    body.script.ops.push_back(op_on(kind, reg));
  }

  void submit(Body& body, int depth) { submit(body, depth, pick_some(body, 3), pick_some(body, 2)); }
  void submit(Body& body, int depth, std::vector<Register> values, std::vector<Register> refs) {
    --budget_;
    Op op{};
    op.kind = OpKind::submit;
    op.k = random_.next() % 1'000;
    op.values = std::move(values);
    op.refs = std::move(refs);
    op.script = callee(shapes_of(body, op.values), shapes_of(body, op.refs), depth + 1);
    for (const Shape result : program_.scripts[op.script].result_shapes) {
      op.outs.push_back(body.next);
      if (program_.scripts[op.script].stream) {
        const std::vector<Shape>& items = items_[op.script];
        body.streams[body.next++].assign(items.rbegin(), items.rend());
      } else {
        body.held[body.next++] = {result, true};
      }
    }
    body.script.ops.push_back(std::move(op));
  }

  void yield(Body& body) {
    Op op{};
    op.kind = OpKind::yield;
    op.k = random_.next() % 1'000;
    op.refs = pick_inner(body);
    body.items.push_back(shape_of(shapes_of(body, op.refs)));
    body.script.ops.push_back(std::move(op));
  }
  void use_stream(Body& body) {
    auto at = body.streams.begin();
    std::advance(at, random_.between(0, std::ssize(body.streams) - 1));
    const Register reg = at->first;
    if (random_.chance(5)) return body.script.ops.push_back(op_on(OpKind::cancel, reg));
    if (!random_.chance(5)) return take(body, reg);
    body.script.ops.push_back(op_on(OpKind::drop, reg));
    body.streams.erase(reg);
  }
  /// One more item, or the end.
  void take(Body& body, Register reg) {
    std::vector<Shape>& items = body.streams.at(reg);
    Op op = op_on(items.empty() ? OpKind::end : OpKind::next, reg);
    if (items.empty()) {
      body.streams.erase(reg);
    } else {
      op.outs = {body.next};
      body.held[body.next++] = {items.back(), false};
      items.pop_back();
    }
    body.script.ops.push_back(std::move(op));
  }

  /// A script that can be called with these; at times one that is there already.
  std::uint32_t callee(const std::vector<Shape>& values, const std::vector<Shape>& refs, int depth) {
    if (random_.chance(50)) {
      for (std::uint32_t index = 1; index < program_.scripts.size(); ++index) {
        const Script& script = program_.scripts[index];
        if (!script.returns.empty() && script.values == values && script.refs == refs && calls_[index] == 0)
          return index;
      }
    }
    const auto index = static_cast<std::uint32_t>(program_.scripts.size());
    program_.scripts.emplace_back();
    Body made = body(values, refs, random_.chance(60));
    made.script.stream = random_.chance(streams_);
    fill(made, depth, random_.between(0, ops_max_));
    made.script.retries = random_.pick({0, 1, 4, 100});
    if (random_.chance(fails_)) fail(made);
    if (made.script.stream) {
      made.script.returns = {{}};
      made.script.result_shapes = {0};
      items_[index] = made.items;
    }
    for (std::int64_t left = random_.chance(80) ? 1 : random_.between(1, 3); left > 0 && !made.script.stream; --left) {
      made.script.returns.push_back(pick_inner(made));
      made.script.result_shapes.push_back(shape_of(shapes_of(made, made.script.returns.back())));
    }
    made.script.priority = random_.chance(20) ? 1 : 0;
    made.script.cpus = cpus();
    // Only leaves are called from several places: the size of a program stays what its budget says.
    calls_[index] = static_cast<int>(std::ranges::count(made.script.ops, OpKind::submit, &Op::kind));
    program_.scripts[index] = std::move(made.script);
    return index;
  }

  /// Tried again it would submit everything again: at each level of a program, as many times as there are retries.
  void fail(Body& body) {
    Op op = op_on(OpKind::fail, 0);
    if (std::ranges::count(body.script.ops, OpKind::submit, &Op::kind) == 0) {
      op.k = static_cast<std::uint64_t>(random_.pick({0, 1, 2}));
    }
    if (op.k > 0) body.script.retries = random_.pick({0, 1, 2});
    body.script.ops.push_back(std::move(op));
  }

  /// Now and then more than any machine has.
  std::uint32_t cpus() {
    if (one_kind_) return 1;
    if (random_.chance(4)) return program_.workers + 1;
    return static_cast<std::uint32_t>(random_.between(0, std::min(program_.workers, 3u)));
  }

  static constexpr std::size_t k_kinds = static_cast<std::size_t>(OpKind::fail);  // those before it
  Random random_;
  Program program_;
  int weights_[k_kinds] = {};
  std::map<std::uint32_t, int> calls_;
  std::map<std::uint32_t, std::vector<Shape>> items_;  // of streams
  int budget_ = 0, ops_max_ = 0, depth_max_ = 0, fails_ = 0, streams_ = 0;
  std::uint32_t padding_ = 0;
  bool one_kind_ = true;  // of workers
};

}  // namespace

Program make_program(std::uint64_t seed) { return Maker(seed).make(); }

std::uint64_t Program::tasks() const {
  // Callees stand behind no caller of theirs that is not their ancestor, so counting by memory is enough.
  std::map<std::uint32_t, std::uint64_t> known;
  const auto count = [&](const auto& self, std::uint32_t script) -> std::uint64_t {
    if (const auto found = known.find(script); found != known.end()) return found->second;
    std::uint64_t sum = 0;
    for (const Op& op : scripts[script].ops) {
      if (op.kind == OpKind::fail && op.k == 0) break;
      if (op.kind == OpKind::submit) sum += 1 + self(self, op.script);
    }
    return known[script] = sum;
  };
  return count(count, 0);
}

std::uint64_t attempts_that_throw(const Script& script) {
  std::uint64_t most = 0;
  for (const Op& op : script.ops) most = std::max(most, op.kind == OpKind::fail ? op.k : 0);
  return most;
}

std::uint64_t combine(std::uint64_t a, std::uint64_t b) { return detail::mix(a * 3 + b + 0x9e3779b97f4a7c15u); }

namespace {
constexpr std::size_t k_head = sizeof(std::uint64_t) + sizeof(std::uint32_t);
}

Payload to_value(std::uint64_t number, std::uint32_t padding, std::vector<ObjectId> refs, std::uint32_t attempt) {
  Payload value(k_head + padding);
  std::memcpy(value.data(), &number, sizeof number);
  std::memcpy(value.data() + sizeof number, &attempt, sizeof attempt);
  std::memset(value.data() + k_head, static_cast<int>(number & 0xff), padding);
  value.set_beside(std::move(refs), {});
  return value;
}

std::uint64_t number_of(const Payload& value) {
  std::uint64_t number = 0;
  if (value.size() < k_head) return 0;
  std::memcpy(&number, value.data(), sizeof number);
  const auto padding = value.bytes().subspan(k_head);
  const auto is_right = [number](std::uint8_t byte) { return byte == (number & 0xff); };
  return std::ranges::all_of(padding, is_right) ? number : 0;
}

std::uint32_t attempt_of(const Payload& value) {
  std::uint32_t attempt = 0;
  std::memcpy(&attempt, value.data() + sizeof(std::uint64_t), sizeof attempt);
  return attempt;
}

std::vector<std::shared_ptr<const wire::TaskTemplate>> templates_of(const Program& program) {
  std::vector<std::shared_ptr<const wire::TaskTemplate>> templates;
  for (const Script& script : program.scripts) {
    wire::TaskTemplate what;
    what.function = {.module = 1, .offset = templates.size()};
    what.name = "script" + std::to_string(templates.size());
    what.resources.cpu = script.cpus * wire::k_one;
    what.results = static_cast<std::uint32_t>(script.returns.size());
    what.stream = script.stream;
    what.retries = script.retries;
    if (attempts_that_throw(script) > 0) what.retry_on = {{.name = "*"}};
    what.priority = script.priority;
    templates.push_back(std::make_shared<const wire::TaskTemplate>(std::move(what)));
  }
  return templates;
}

}  // namespace shoal::sim::cluster
