#pragma once

#include "control/table/actors.h"
#include "control/table/change.h"
#include "control/table/jobs.h"
#include "control/table/names.h"
#include "control/table/nodes.h"

namespace shoal::control {

/// What the control service must not lose: the tables, which change in one way only. The same changes in the same order
/// give an equal truth.
class Truth {
 public:
  const Actors& actors() const { return actors_; }
  const Names& names() const { return names_; }
  const Nodes& nodes() const { return nodes_; }
  const Jobs& jobs() const { return jobs_; }

  void apply(const Change& change);

  friend bool operator==(const Truth&, const Truth&) = default;

 private:
  void apply_one(const ActorRegistered& change);
  void apply_one(const ActorCompleted& change) { actors_.complete(change.actor, change.spec); }
  void apply_one(const ActorChanged& change);
  void apply_one(const ActorForgotten& change) { actors_.forget(change.actor); }
  void apply_one(const CreatorGone& change) { actors_.lose_creator(change.process); }
  void apply_one(const OldestGoneCreatorForgotten&) { actors_.forget_oldest_gone_creator(); }
  void apply_one(const NodeJoined& change) { nodes_.join(change.node, change.record); }
  void apply_one(const NodeDied& change) { nodes_.die(change.node); }
  void apply_one(const OldestDeadNodeForgotten&) { nodes_.forget_oldest_dead(); }
  void apply_one(const JobBegan& change) { jobs_.begin(change.driver, change.name); }
  void apply_one(const JobEnded& change) { jobs_.end(change.driver); }

  Actors actors_;
  Names names_;
  Nodes nodes_;
  Jobs jobs_;
};

}  // namespace shoal::control
