#include <fmt/format.h>

#include <set>
#include <string>

#include "control/death.h"
#include "control/operations.h"

namespace shoal::control {
namespace {

/// The processes of a node that something is known of here, without its drivers.
std::set<ProcessId> workers_of(Turn& turn, std::uint32_t node) {
  std::set<ProcessId> workers = turn.watches().watchers_on(node);
  workers.merge(turn.awaited().creators_on(node));
  workers.merge(turn.truth().actors().creators_on(node));
  std::erase_if(workers, [&](ProcessId each) { return turn.truth().jobs().is_driver(each); });
  return workers;
}

/// Ends what goes with its creator.
void end_created_by(Turn& turn, ProcessId process, const std::string& cause) {
  for (const ActorId& actor : turn.truth().actors().created_by(process)) {
    const ActorRecord& record = *turn.truth().actors().find(actor);
    if (record.life.stage == Stage::dead) continue;
    // Nobody will ever have the arguments of one that waits for them.
    if (record.spec->detached && record.life.stage != Stage::registered) continue;
    turn.step(actor, on_killed(record.life, death_of_creator(actor, record, cause)));
  }
  for (const ActorId& actor : turn.awaited().of_creator(process)) {
    turn.awaited().remove(actor);
    turn.tell_unknown(actor);
  }
  if (turn.truth().actors().is_creator(process)) {
    turn.record(CreatorGone{process});
    if (turn.truth().actors().gone_creators().size() > k_gone_creators_max) turn.record(OldestGoneCreatorForgotten{});
  }
  if (turn.truth().jobs().is_driver(process)) turn.record(JobEnded{process});
}

void lose_node(Turn& turn, std::uint32_t node) {
  turn.record(NodeDied{node});
  turn.loads().forget(node);
  if (turn.truth().nodes().dead().size() > k_dead_nodes_max) turn.record(OldestDeadNodeForgotten{});
}

}  // namespace

void process_died(Turn& turn, ProcessId process, const std::string& cause) {
  const bool is_node = process.n == 0 && turn.truth().nodes().is_alive(process.node);
  std::set<ProcessId> gone{process};
  std::string why = fmt::format("process {} died: {}", to_string(process), cause);
  if (is_node) {
    why = fmt::format("node {} ({}) died: {}", to_string(process), turn.truth().nodes().find(process.node)->host,
                      cause);
    gone.merge(workers_of(turn, process.node));
    lose_node(turn, process.node);
  }
  // The dead hear nothing; what ends with a creator is not started again before.
  for (const ProcessId each : gone) turn.unwatch_all(each);
  for (const ProcessId each : gone) end_created_by(turn, each, why);
  for (const ActorId& actor : turn.truth().actors().on_node(process.node)) {
    const ActorRecord& record = *turn.truth().actors().find(actor);
    const wire::FailurePtr death = death_by_loss(actor, record, why);
    turn.step(actor,
              is_node ? on_node_gone(record.life, process.node, death) : on_process_gone(record.life, process, death));
  }
}

}  // namespace shoal::control
