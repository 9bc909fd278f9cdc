#include "sim/cluster/oracle.h"

#include <algorithm>
#include <utility>

namespace shoal::sim::cluster {

namespace {
constexpr std::uint32_t k_driver = 0;
/// In the place of the results of a task whose workers died, and of what a process owned that died. Who asks for such
/// an object may also come too late for its owner to know of it.
const Codes k_task_lost{ErrorCode::worker_died};
const Codes k_owner_lost{ErrorCode::owner_died, ErrorCode::object_lost};
}  // namespace

/// A value, or what is there instead.
struct Oracle::Thing {
  std::optional<std::uint64_t> number;
  std::vector<ThingPtr> nested;
  std::uint32_t owner = k_driver;  // the run of a script that made or submitted it

  // Its own errors, and where others may come from: `through` is what its task used.
  std::shared_ptr<Codes> own = std::make_shared<Codes>();                       // shared by the results of one task
  std::vector<std::pair<std::uint32_t, std::shared_ptr<const Thing>>> through;  // as seen from that run of a script
  mutable std::uint32_t searched = 0;

  std::shared_ptr<std::vector<ThingPtr>> submitted;  // results of what its task submitted
  std::vector<ThingPtr> items;                       // of a stream
  std::size_t taken = 0;
};

/// A script that runs.
struct Oracle::Frame {
  const Script* script = nullptr;
  std::uint32_t self = k_driver;
  int depth = 0;
  std::uint64_t seen = 0;  // what it makes of its inputs
  std::map<Register, ThingPtr> held;
  std::vector<std::pair<std::uint32_t, std::shared_ptr<const Thing>>> used;
  Codes own;
  std::shared_ptr<std::vector<ThingPtr>> submitted = std::make_shared<std::vector<ThingPtr>>();
  std::vector<ThingPtr> items;
  bool ended = false;  // it failed
};

Oracle::Oracle(const Program& program, std::uint64_t seed) : program_(program) {
  Frame root;
  root.seen = seed;
  root.script = &program.scripts[0];
  std::map<Register, ThingPtr> all;
  for (const Op& op : root.script->ops) {
    step(root, op);
    for (const Register out : op.outs) {
      if (const auto found = root.held.find(out); found != root.held.end()) all.insert(*found);
    }
  }
  // A cancel in the end may have reached what was begun long before: errors are asked for last.
  for (const auto& [reg, thing] : all) driver_[reg] = {thing->number, seen_from(k_driver, *thing)};
}

Oracle::~Oracle() = default;

Codes Oracle::errors_of(const Thing& thing) const {
  Codes codes = *thing.own;
  thing.searched = search_;
  for (const auto& [process, used] : thing.through) {
    if (program_.kills > 0 && used->owner != process && used->owner != k_driver) codes |= k_owner_lost;
    if (used->searched != search_) codes |= errors_of(*used);
  }
  return codes;
}

Codes Oracle::seen_from(std::uint32_t process, const Thing& thing) const {
  ++search_;
  Codes codes = errors_of(thing);
  if (program_.kills > 0 && thing.owner != process && thing.owner != k_driver) codes |= k_owner_lost;
  return codes;
}

std::vector<Oracle::ThingPtr> Oracle::call(std::uint32_t script, std::uint64_t seed,
                                           const std::vector<ThingPtr>& values, const std::vector<ThingPtr>& refs,
                                           const Frame& submitter) {
  Frame frame;
  frame.depth = submitter.depth + 1;
  frame.script = &program_.scripts[script];
  frame.self = ++attempts_;
  frame.seen = seed;
  Register next = 0;
  for (const ThingPtr& value : values) {
    frame.used.emplace_back(submitter.self, value);
    if (!value->number) {
      frame.ended = true;
      continue;
    }
    frame.seen = combine(frame.seen, *value->number);
    if (!frame.script->opens) continue;
    for (const ThingPtr& nested : value->nested) frame.held[next++] = nested;
  }
  for (const ThingPtr& ref : refs) frame.held[next++] = ref;
  if (frame.script->cpus > program_.workers) {
    frame.own |= {ErrorCode::infeasible};
    frame.ended = true;
  }
  if (!frame.ended) run(frame);

  auto own = std::make_shared<Codes>(frame.own);
  const auto throwing = static_cast<std::int64_t>(attempts_that_throw(*frame.script));
  const bool uses_up_retries = throwing > 0 && frame.ended;
  if (program_.kills > 0 && (uses_up_retries || program_.kills + throwing > frame.script->retries)) *own |= k_task_lost;
  // The death of a worker cancels what its tasks submitted and what those submitted.
  if (program_.kills > 0 && submitter.depth > 1) *own |= {ErrorCode::cancelled};
  for (const ThingPtr& item : frame.items) {
    item->owner = submitter.self;
    item->own = own;
  }
  std::vector<ThingPtr> results;
  for (std::size_t index = 0; index < frame.script->returns.size(); ++index) {
    auto result = std::make_shared<Thing>();
    result->owner = submitter.self;
    result->submitted = frame.submitted;
    result->items = frame.items;
    result->own = own;
    result->through = frame.used;
    if (!frame.ended) {
      result->number = frame.script->stream ? 1 : combine(frame.seen, index);
      for (const Register reg : frame.script->returns[index]) result->nested.push_back(frame.held.at(reg));
    }
    results.push_back(std::move(result));
  }
  return results;
}

void Oracle::run(Frame& frame) {
  for (const Op& op : frame.script->ops) {
    if (!step(frame, op)) {
      frame.ended = true;
      return;
    }
  }
}

/// False where the script ends there.
bool Oracle::step(Frame& frame, const Op& op) {
  // The driver goes on after an error, without what it did not get.
  const auto missing = [&frame](Register reg) { return !frame.held.contains(reg); };
  if (std::ranges::any_of(op.values, missing) || std::ranges::any_of(op.refs, missing)) return true;
  switch (op.kind) {
    case OpKind::put: {
      auto thing = std::make_shared<Thing>();
      thing->number = combine(frame.seen, op.k);
      thing->owner = frame.self;
      for (const Register reg : op.refs) thing->nested.push_back(frame.held.at(reg));
      frame.held[op.outs[0]] = std::move(thing);
      return true;
    }
    case OpKind::submit: submit(frame, op); return true;
    case OpKind::get: return missing(op.in) || get(frame, op);
    case OpKind::cancel:
      if (!missing(op.in)) cancel(*frame.held.at(op.in));
      return true;
    case OpKind::drop: frame.held.erase(op.in); return true;
    case OpKind::settle:
    case OpKind::wait: return true;
    case OpKind::fail:
      if (op.k > 0 && static_cast<std::int64_t>(op.k) <= frame.script->retries) return true;
      frame.own |= {ErrorCode::user_function};
      return false;
    case OpKind::yield: {
      auto item = std::make_shared<Thing>();
      item->number = combine(frame.seen, op.k);
      item->through = frame.used;
      for (const Register reg : op.refs) item->nested.push_back(frame.held.at(reg));
      frame.items.push_back(std::move(item));
      return true;
    }
    case OpKind::next: return missing(op.in) || next(frame, op);
    case OpKind::end: return missing(op.in) || use(frame, frame.held.at(op.in));
  }
  return true;
}

void Oracle::submit(Frame& frame, const Op& op) {
  std::vector<ThingPtr> values, refs;
  for (const Register reg : op.values) values.push_back(frame.held.at(reg));
  for (const Register reg : op.refs) refs.push_back(frame.held.at(reg));
  std::vector<ThingPtr> results = call(op.script, combine(frame.seen, op.k), values, refs, frame);
  frame.submitted->insert(frame.submitted->end(), results.begin(), results.end());
  for (std::size_t index = 0; index < results.size(); ++index) frame.held[op.outs[index]] = std::move(results[index]);
}

/// The item, or what the stream ended with before it.
bool Oracle::next(Frame& frame, const Op& op) {
  const ThingPtr stream = frame.held.at(op.in);
  ThingPtr item;
  if (stream->taken < stream->items.size()) {
    item = stream->items[stream->taken++];
  } else {
    item = std::make_shared<Thing>();
    item->owner = stream->owner;
    item->own = stream->own;
    item->through = stream->through;
  }
  frame.held[op.outs[0]] = item;
  return use(frame, item);
}

/// A task that does not get it ends there.
bool Oracle::use(Frame& frame, const ThingPtr& thing) {
  if (frame.self == k_driver) return true;
  frame.used.emplace_back(frame.self, thing);
  return thing->number.has_value();
}

void Oracle::cancel(const Thing& thing) {
  *thing.own |= {ErrorCode::cancelled};
  if (thing.submitted == nullptr) return;
  for (const ThingPtr& each : *thing.submitted) cancel(*each);
}

bool Oracle::get(Frame& frame, const Op& op) {
  const ThingPtr thing = frame.held.at(op.in);
  if (!use(frame, thing)) return false;
  if (frame.self != k_driver) frame.seen = combine(frame.seen, *thing->number);
  for (std::size_t index = 0; index < thing->nested.size(); ++index) frame.held[op.outs[index]] = thing->nested[index];
  return true;
}

}  // namespace shoal::sim::cluster
