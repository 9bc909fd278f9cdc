#include "sim/actors/driver.h"

#include <utility>

#include <fmt/format.h>

#include "sim/cluster/program.h"

namespace shoal::sim::actors {

using owner::Object;

namespace {

constexpr Time k_between_actions_max = 3'000'000;
/// From its last action to its end; of who ends all, so that the others are at their end.
constexpr Time k_patience = 100'000'000;
constexpr Time k_long_patience = 2'000'000'000;
/// From its end: what it calls may wait for room that those have which its calls keep.
constexpr Time k_last_patience = 5'000'000'000;
constexpr std::int64_t k_names = 8;

}  // namespace

Driver::Driver(World& world, Ledger& ledger, Names& names, const Options& options)
    : Player(world, ledger, options.self), names_(names), options_(options) {}

void Driver::act(Time now) {
  if (now < next_at_) return;
  if (ended_) {
    next_at_ = now + k_last_patience;
    if (options_.cpus_max == 0 && !open_.empty()) ledger_.fail(describe() + " though there is room for all");
    return cancel_all();
  }
  if (actions_ == options_.actions) {
    next_at_ = now + k_last_patience;
    return end();
  }
  ++actions_;
  play();
  const Time patience = options_.ends_all ? k_long_patience : k_patience;
  next_at_ = now + (actions_ < options_.actions ? dice().between(1, k_between_actions_max) : patience);
}

void Driver::play() {
  look_for("nobody");  // so that no world is too quiet for its faults
  const std::int64_t choice = dice().between(0, 19);
  Object* const actor = any_handle();
  if (choice < 4 || actor == nullptr) return create();
  if (choice < 15) {
    for (std::int64_t n = dice().between(1, 6); n > 0; --n) call(*any_handle());
  } else if (choice < 16) {
    core_.kill_actor(*actor, dice().chance(70), "a whim");
  } else if (choice < 17) {
    drop_any();
  } else if (choice < 18) {
    cancel_any();
  } else if (!names_.empty()) {
    look_for(names_[dice().next() % names_.size()]);
  }
}

void Driver::create() {
  constexpr std::int32_t k_restarts[] = {0, 1, 3, -1};
  constexpr std::int32_t k_retries[] = {0, 0, 1, -1};
  owner::ActorRequest request;
  wire::ActorSpec& spec = request.spec;
  spec.restarts = dice().pick(k_restarts);
  spec.call_retries = dice().pick(k_retries);
  spec.threads = dice().chance(70) ? 1 : 3;
  spec.constructor.name = "constructor";
  spec.constructor.resources.cpu = dice().between(0, options_.cpus_max) * wire::k_one;
  if (dice().chance(50)) {
    spec.name = fmt::format("actor {}", dice().between(1, k_names));
    spec.get_if_exists = dice().chance(70);
    spec.detached = dice().chance(40);
    names_.push_back(spec.name);
  }
  std::vector<ObjectId> refs;
  if (Object* const other = dice().chance(30) ? any_handle() : nullptr; other != nullptr) refs.push_back(other->id);
  spec.arguments = cluster::to_value(static_cast<std::uint64_t>(k_number + spec.call_retries), 0, std::move(refs));
  if (Object* const late = dice().chance(20) ? any_pending() : nullptr; late != nullptr) request.resolve = {late};
  keep(core_.create_actor(std::move(request)));
}

void Driver::end() {
  ended_ = true;
  if (!options_.ends_all) return;
  for (const std::string& name : names_) look_for(name);
}

/// At its end whatever it finds dies, and it holds on to nothing.
void Driver::go_on() {
  if (!ended_) return;
  while (!handles_.empty()) {
    if (options_.ends_all) core_.kill_actor(*handles_.back(), false, "the end");
    release(handles_.back());
    handles_.pop_back();
  }
}

std::string Driver::describe() const {
  const owner::Core::Holdings left = core_.holdings();
  std::string text = fmt::format("{} {}, has {} objects, {} tasks, {} runs, {} actors; {} calls open",
                                 to_string(options_.self), ended_ ? "ended" : "goes on", left.objects, left.tasks,
                                 left.runs, left.actors, open_.size());
  if (!open_.empty()) text += ", first " + to_string(open_.begin()->first);
  return text;
}

}  // namespace shoal::sim::actors
