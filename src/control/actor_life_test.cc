#include "control/actor_life.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace shoal::control {
namespace {

constexpr std::uint32_t k_node = 5;
constexpr ProcessId k_daemon{k_node, 0};
constexpr ProcessId k_host{k_node, 7};
constexpr ProcessId k_neighbour{k_node, 8};
constexpr ProcessId k_stranger{6, 7};
constexpr std::uint32_t k_incarnation = 3;
const ActorId k_actor{{1, 1}, 9};

wire::FailurePtr failure(const std::string& text) {
  auto made = std::make_shared<wire::Failure>();
  made->text = text;
  return made;
}

/// The stages, `starting` before and after its process is known.
struct Lives {
  ActorLife placing, starting, placed, alive, stopping, dead;
};

Lives lives(std::int32_t restarts_left) {
  Lives all;
  ActorLife base;
  base.incarnation = k_incarnation;
  base.restarts_left = restarts_left;
  all.placing = all.starting = all.placed = all.alive = all.stopping = all.dead = base;
  all.starting.stage = Stage::starting;
  all.starting.node = k_node;
  all.placed = all.starting;
  all.placed.process = k_host;
  all.alive = all.placed;
  all.alive.stage = Stage::alive;
  all.stopping = all.placed;
  all.stopping.stage = Stage::stopping;
  all.stopping.incarnation = k_incarnation + 1;  // so that k_incarnation is the one that runs
  all.dead.stage = Stage::dead;
  all.dead.death = failure("dead long since");
  return all;
}

/// "-" where the rule did not apply, else for example "stopping#4 n5.7 left0, stop".
std::string outcome(const std::optional<LifeStep>& step) {
  if (!step) return "-";
  const ActorLife& life = step->life;
  static const char* const k_names[] = {"registered", "placing", "starting", "alive", "stopping", "dead"};
  std::string text = k_names[static_cast<int>(life.stage)];
  text += "#" + std::to_string(life.incarnation);
  if (life.process != k_control) {
    text += " " + to_string(life.process);
  } else if (life.node != 0) {
    text += " " + to_string(ProcessId{life.node, 0});
  }
  if (life.stage == Stage::dead) {
    text += " of " + life.death->text;
  } else {
    text += " left" + std::to_string(life.restarts_left);
  }
  return text + (step->stop ? ", stop" : "");
}

using Rule = std::function<std::optional<LifeStep>(const ActorLife&)>;

struct Row {
  const char* input;
  Rule rule;
  std::string placing, starting, placed, alive, stopping, dead;
};

void check(const Row& row, std::int32_t restarts_left) {
  const Lives all = lives(restarts_left);
  EXPECT_EQ(outcome(row.rule(all.placing)), row.placing) << row.input << ", placing";
  EXPECT_EQ(outcome(row.rule(all.starting)), row.starting) << row.input << ", starting";
  EXPECT_EQ(outcome(row.rule(all.placed)), row.placed) << row.input << ", placed";
  EXPECT_EQ(outcome(row.rule(all.alive)), row.alive) << row.input << ", alive";
  EXPECT_EQ(outcome(row.rule(all.stopping)), row.stopping) << row.input << ", stopping";
  EXPECT_EQ(outcome(row.rule(all.dead)), row.dead) << row.input << ", dead";
}

Rule placed(ProcessId from, std::uint32_t incarnation = k_incarnation, ProcessId process = k_host) {
  return [=](const ActorLife& life) { return on_placed(life, from, {k_actor, incarnation, process}); };
}
Rule started(ProcessId from, std::uint32_t incarnation = k_incarnation) {
  return [=](const ActorLife& life) { return on_started(life, from, {k_actor, incarnation}); };
}
Rule ended(ProcessId from, bool intended, std::uint32_t incarnation = k_incarnation) {
  return [=](const ActorLife& life) { return on_ended(life, from, {k_actor, incarnation, failure("end"), intended}); };
}
Rule lost(ProcessId from, std::uint32_t incarnation = k_incarnation) {
  return [=](const ActorLife& life) { return on_lost(life, from, {k_actor, incarnation, "crash"}, failure("loss")); };
}
Rule process_gone(ProcessId process) {
  return [=](const ActorLife& life) { return on_process_gone(life, process, failure("loss")); };
}
Rule node_gone(std::uint32_t node) {
  return [=](const ActorLife& life) { return on_node_gone(life, node, failure("loss")); };
}
Rule killed() {
  return [](const ActorLife& life) { return on_killed(life, failure("kill")); };
}
Rule restart_wanted() {
  return [](const ActorLife& life) { return on_restart_wanted(life, failure("kill")); };
}
Rule chosen() {
  return [](const ActorLife& life) { return on_chosen(life, 8); };
}

TEST(ActorLife, EachInputInEachStageWithARestartLeft) {
  const std::string again = "placing#4 left0";
  const std::string after_stop = "placing#4 left1";  // its restart was taken when the stop began
  const std::string stop = "stopping#4 n5.7 left0, stop";
  const std::string stop_unknown = "stopping#4 n5 left0, stop";
  const std::string end = "dead#3 of end, stop";
  const std::vector<Row> table = {
      // input                            placing            starting          placed            alive   stopping dead
      {"chosen", chosen(), "starting#3 n8 left1", "-", "-", "-", "-", "-"},
      {"placed", placed(k_daemon), "-", "starting#3 n5.7 left1", "-", "-", "-", "-"},
      {"started", started(k_host), "-", "alive#3 n5.7 left1", "alive#3 n5.7 left1", "-", "-", "-"},
      {"ended, intended", ended(k_host, true), "-", end, end, end, "-", "-"},
      {"ended, not so", ended(k_host, false), "-", end, end, stop, "-", "-"},
      {"lost", lost(k_daemon), "-", again, again, again, after_stop, "-"},
      {"process gone", process_gone(k_host), "-", "-", again, again, after_stop, "-"},
      {"node gone", node_gone(k_node), "-", again, again, again, after_stop, "-"},
      {"killed", killed(), "dead#3 of kill", "dead#3 of kill, stop", "dead#3 of kill, stop", "dead#3 of kill, stop",
       "dead#4 of kill", "-"},
      {"restart wanted", restart_wanted(), "-", stop_unknown, stop, stop, "-", "-"},
  };
  for (const Row& row : table) check(row, 1);
}

TEST(ActorLife, WithoutARestartLeftALossIsTheEnd) {
  const std::string loss = "dead#3 of loss";
  const std::string kill = "dead#3 of kill, stop";
  const std::string end = "dead#3 of end, stop";
  const std::string after_stop = "placing#4 left0";
  const std::vector<Row> table = {
      {"ended, not so", ended(k_host, false), "-", end, end, end, "-", "-"},
      {"lost", lost(k_daemon), "-", loss, loss, loss, after_stop, "-"},
      {"process gone", process_gone(k_host), "-", "-", loss, loss, after_stop, "-"},
      {"node gone", node_gone(k_node), "-", loss, loss, loss, after_stop, "-"},
      {"restart wanted", restart_wanted(), "-", kill, kill, kill, "-", "-"},
  };
  for (const Row& row : table) check(row, 0);
}

TEST(ActorLife, RestartsWithoutEndAreNotCounted) {
  EXPECT_EQ(outcome(lost(k_daemon)(lives(-1).alive)), "placing#4 left-1");
  EXPECT_EQ(outcome(restart_wanted()(lives(-1).alive)), "stopping#4 n5.7 left-1, stop");
}

TEST(ActorLife, OtherIncarnationsAreStale) {
  for (const std::uint32_t other : {k_incarnation - 1, k_incarnation + 1, 0U}) {
    for (const Row& row : std::vector<Row>{
             {"placed", placed(k_daemon, other), "-", "-", "-", "-", "-", "-"},
             {"started", started(k_host, other), "-", "-", "-", "-", "-", "-"},
             {"ended, intended", ended(k_host, true, other), "-", "-", "-", "-", "-", "-"},
             {"ended, not so", ended(k_host, false, other), "-", "-", "-", "-", "-", "-"},
             {"lost", lost(k_daemon, other), "-", "-", "-", "-", "-", "-"},
         }) {
      check(row, 1);
    }
  }
}

TEST(ActorLife, OtherSendersAreRefused) {
  const std::string overtook = "alive#3 n5.8 left1";
  const std::string end = "dead#3 of end, stop";
  for (const Row& row : std::vector<Row>{
           {"placed, by another node", placed({6, 0}), "-", "-", "-", "-", "-", "-"},
           {"placed, by a worker", placed(k_host), "-", "-", "-", "-", "-", "-"},
           {"placed, elsewhere", placed(k_daemon, k_incarnation, k_stranger), "-", "-", "-", "-", "-", "-"},
           {"placed, in the daemon", placed(k_daemon, k_incarnation, k_daemon), "-", "-", "-", "-", "-", "-"},
           {"started, by the daemon", started(k_daemon), "-", "-", "-", "-", "-", "-"},
           {"started, elsewhere", started(k_stranger), "-", "-", "-", "-", "-", "-"},
           // Which process it is may not be known yet; then any of that node may be it.
           {"started, by a neighbour", started(k_neighbour), "-", overtook, "-", "-", "-", "-"},
           {"ended, by a neighbour", ended(k_neighbour, true), "-", end, "-", "-", "-", "-"},
           {"ended, elsewhere", ended(k_stranger, true), "-", "-", "-", "-", "-", "-"},
           {"lost, by another node", lost({6, 0}), "-", "-", "-", "-", "-", "-"},
           {"lost, by its process", lost(k_host), "-", "-", "-", "-", "-", "-"},
           {"a neighbour gone", process_gone(k_neighbour), "-", "-", "-", "-", "-", "-"},
           {"another node gone", node_gone(6), "-", "-", "-", "-", "-", "-"},
           {"no process gone", process_gone(k_control), "-", "-", "-", "-", "-", "-"},
           {"no node gone", node_gone(0), "-", "-", "-", "-", "-", "-"},
       }) {
    check(row, 1);
  }
}

TEST(ActorLife, OthersAreToldThePhase) {
  Lives all = lives(1);
  using enum wire::ActorPhase;
  for (const ActorLife* life : {&all.placing, &all.starting, &all.placed, &all.stopping}) {
    EXPECT_EQ(phase_of(*life), restarting);
  }
  EXPECT_EQ(phase_of(all.alive), alive);
  EXPECT_EQ(phase_of(all.dead), dead);
  all.placing.incarnation = all.starting.incarnation = all.placed.incarnation = all.alive.incarnation = 1;
  EXPECT_EQ(phase_of(all.placing), placing);
  EXPECT_EQ(phase_of(all.starting), starting);
  EXPECT_EQ(phase_of(all.placed), starting);
  EXPECT_EQ(phase_of(all.alive), alive);
}

TEST(ActorLife, NewsNameTheProcessOfALivingActorAlone) {
  ActorRecord record;
  record.call_retries = 4;
  record.threads = 2;
  record.life = lives(1).alive;
  const wire::ActorNews alive = news_of(k_actor, record);
  EXPECT_EQ(alive.actor, k_actor);
  EXPECT_EQ(alive.incarnation, k_incarnation);
  EXPECT_EQ(alive.process, k_host);
  EXPECT_EQ(alive.call_retries, 4);
  EXPECT_EQ(alive.threads, 2U);
  EXPECT_EQ(alive.failure, nullptr);
  record.life = lives(1).placed;
  EXPECT_EQ(news_of(k_actor, record).process, k_control);
  record.life = lives(1).dead;
  EXPECT_EQ(news_of(k_actor, record).failure, record.life.death);
}

}  // namespace
}  // namespace shoal::control
