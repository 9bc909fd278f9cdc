#include "control/loads.h"

#include <cassert>

#include "sched/resources.h"

namespace shoal::control {
namespace {

bool is_promised(const ActorLife& life) { return life.stage == Stage::starting && life.process == k_control; }

}  // namespace

void Loads::follow(const wire::ActorSpec& spec, const ActorLife& before, const ActorLife& after) {
  discount(spec, before);
  count(spec, after);
}

const wire::Resources& Loads::reported(std::uint32_t node, const NodeRecord& record) const {
  const auto found = reported_.find(node);
  return found == reported_.end() ? record.total : found->second;
}

wire::Resources Loads::available(std::uint32_t node, const NodeRecord& record) const {
  wire::Resources available = reported(node, record);
  if (const auto promise = promised_.find(node); promise != promised_.end()) {
    sched::subtract(available, promise->second.sum);
  }
  return available;
}

std::uint32_t Loads::of_kind(std::uint32_t node, const wire::FunctionId& constructor) const {
  const auto found = of_kind_.find({node, constructor});
  return found == of_kind_.end() ? 0 : found->second;
}

void Loads::count(const wire::ActorSpec& spec, const ActorLife& life) {
  if (life.node == 0) return;
  ++of_kind_[{life.node, spec.constructor.function}];
  if (!is_promised(life)) return;
  Promise& promise = promised_[life.node];
  ++promise.actors;
  sched::add(promise.sum, spec.constructor.resources);
}

void Loads::discount(const wire::ActorSpec& spec, const ActorLife& life) {
  if (life.node == 0) return;
  const auto kind = of_kind_.find({life.node, spec.constructor.function});
  assert(kind != of_kind_.end());
  if (--kind->second == 0) of_kind_.erase(kind);
  if (!is_promised(life)) return;
  const auto promise = promised_.find(life.node);
  assert(promise != promised_.end());
  sched::subtract(promise->second.sum, spec.constructor.resources);
  if (--promise->second.actors == 0) promised_.erase(promise);
}

}  // namespace shoal::control
