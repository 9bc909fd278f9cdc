#include "control/table/actors.h"

#include <algorithm>
#include <cassert>
#include <limits>

namespace shoal::control {
namespace {

constexpr std::uint64_t k_all = std::numeric_limits<std::uint64_t>::max();

}  // namespace

const ActorRecord* Actors::find(const ActorId& actor) const {
  const auto found = records_.find(actor);
  return found == records_.end() ? nullptr : &found->second;
}

std::vector<ActorId> Actors::on_node(std::uint32_t node) const {
  std::vector<ActorId> actors;
  for (auto at = by_node_.lower_bound({node, ActorId{}}); at != by_node_.end() && at->first == node; ++at) {
    actors.push_back(at->second);
  }
  return actors;
}

std::vector<ActorId> Actors::created_by(ProcessId creator) const {
  std::vector<ActorId> actors;
  for (auto at = records_.lower_bound({creator, 0}); at != records_.end() && at->first.owner == creator; ++at) {
    actors.push_back(at->first);
  }
  return actors;
}

bool Actors::was_created(const ActorId& actor) const {
  const auto creator = created_up_to_.find(actor.owner);
  return creator != created_up_to_.end() && actor.n <= creator->second;
}

std::set<ProcessId> Actors::creators_on(std::uint32_t node) const {
  std::set<ProcessId> creators;
  for (auto at = created_up_to_.lower_bound({node, 0}); at != created_up_to_.end() && at->first.node == node; ++at) {
    if (at->second != k_all) creators.insert(at->first);
  }
  return creators;
}

bool Actors::is_creator(ProcessId process) const {
  const auto found = created_up_to_.find(process);
  return found != created_up_to_.end() && found->second != k_all;
}

void Actors::add(const ActorId& actor, wire::ActorSpecPtr spec, Stage stage) {
  ActorRecord record;
  record.life.stage = stage;
  record.name = spec->name;
  record.call_retries = spec->call_retries;
  record.threads = spec->threads;
  record.life.restarts_left = spec->restarts;
  record.spec = std::move(spec);
  index(actor, record.life);
  [[maybe_unused]] const bool added = records_.emplace(actor, std::move(record)).second;
  assert(added);
  std::uint64_t& highest = created_up_to_[actor.owner];
  highest = std::max(highest, actor.n);
}

void Actors::complete(const ActorId& actor, wire::ActorSpecPtr spec) {
  const auto found = records_.find(actor);
  assert(found != records_.end() && found->second.life.stage == Stage::registered);
  found->second.spec = std::move(spec);
}

void Actors::change(const ActorId& actor, const ActorLife& life) {
  const auto found = records_.find(actor);
  assert(found != records_.end() && found->second.life.stage != Stage::dead);
  ActorRecord& record = found->second;
  assert(life.incarnation >= record.life.incarnation);
  unindex(actor, record.life);
  record.life = life;
  index(actor, record.life);
  if (life.stage == Stage::dead) record.spec = nullptr;
}

void Actors::forget(const ActorId& actor) {
  const auto found = records_.find(actor);
  assert(found != records_.end() && found->second.life.stage == Stage::dead);
  records_.erase(found);
}

void Actors::lose_creator(ProcessId process) {
  assert(is_creator(process));
  created_up_to_[process] = k_all;
  gone_creators_.push_back(process);
}

void Actors::forget_oldest_gone_creator() {
  assert(!gone_creators_.empty());
  created_up_to_.erase(gone_creators_.front());
  gone_creators_.pop_front();
}

void Actors::index(const ActorId& actor, const ActorLife& life) {
  const bool hosted = life.stage == Stage::starting || life.stage == Stage::alive || life.stage == Stage::stopping;
  assert(hosted == (life.node != 0));
  assert((life.stage == Stage::dead) == (life.death != nullptr));
  if (hosted) by_node_.emplace(life.node, actor);
  if (life.stage == Stage::placing) unplaced_.insert(actor);
}

void Actors::unindex(const ActorId& actor, const ActorLife& life) {
  by_node_.erase({life.node, actor});
  unplaced_.erase(actor);
}

}  // namespace shoal::control
