#include "sim/actors/caller.h"

#include <utility>
#include <variant>

namespace shoal::sim::actors {
namespace {

constexpr Time k_between_actions_max = 3'000'000;
/// From its last action to its end; of who ends all, so that the others are at their end.
constexpr Time k_patience = 100'000'000;
constexpr Time k_long_patience = 2'000'000'000;

}  // namespace

Caller::Caller(World& world, Ledger& ledger, Handles& handles, const Options& options)
    : world_(world), ledger_(ledger), handles_(handles), options_(options) {
  say(k_control, wire::RegisterJob{"calls"});
  next_at_ = 1;
}

void Caller::on_time(Time now) {
  if (now < next_at_ || ended_) return;
  if (actions_ < options_.actions) {
    ++actions_;
    act();
    const Time patience = options_.ends_all ? k_long_patience : k_patience;
    next_at_ = now + (actions_ < options_.actions ? world_.random().between(1, k_between_actions_max) : patience);
  } else {
    end();
  }
  settle();
}

void Caller::act() {
  Random& dice = world_.random();
  make_ready();
  say(k_control, wire::FindActor{++numbers_, "nobody"});  // so that no world is too quiet for its faults
  const std::int64_t choice = dice.between(0, 9);
  if (choice < 2 || handles_.empty()) {
    create();
  } else if (choice < 9) {
    const ActorId actor = handles_[dice.next() % handles_.size()];
    for (std::int64_t n = dice.between(1, 6); n > 0; --n) call(actor);
  } else {
    const ActorId actor = handles_[dice.next() % handles_.size()];
    say(k_control, wire::KillActor{actor, dice.chance(70), "a whim"});
  }
}

void Caller::create() {
  Random& dice = world_.random();
  constexpr std::int32_t k_restarts[] = {0, 1, 3, -1};
  constexpr std::int32_t k_retries[] = {0, 0, 1, -1};
  auto spec = std::make_shared<wire::ActorSpec>();
  spec->restarts = dice.pick(k_restarts);
  spec->call_retries = dice.pick(k_retries);
  spec->threads = dice.chance(70) ? 1 : 3;
  spec->detached = dice.chance(20);
  if (dice.chance(30)) spec->name = "name" + std::to_string(dice.between(1, 5));  // taken, at times
  spec->constructor.resources.cpu = dice.between(0, options_.cpus_max) * wire::k_one;
  const ActorId actor{options_.self, ++numbers_};
  created_.push_back(actor);
  handles_.push_back(actor);
  say(k_control, wire::CreateActor{actor, std::move(spec)});
}

void Caller::call(const ActorId& actor) {
  auto& calls = actors_[actor];
  if (calls == nullptr) {
    calls = std::make_unique<owner::ActorCalls>(actor);
    say(k_control, wire::WatchActor{actor});
  }
  const std::uint64_t n = ++numbers_;
  open_.emplace(n, actor);
  calls->add(n);
  if (world_.random().chance(80)) {
    calls->ready(n);
  } else {
    not_ready_.emplace(n, actor);
  }
}

void Caller::make_ready() {
  for (const auto& [n, actor] : not_ready_) actors_.at(actor)->ready(n);
  not_ready_.clear();
}

void Caller::end() {
  ended_ = true;
  make_ready();
  for (const ActorId& actor : options_.ends_all ? handles_ : created_)
    say(k_control, wire::KillActor{actor, false, "the end"});
}

void Caller::on_message(ProcessId from, wire::Message message) {
  if (dead_.contains(from)) ledger_.fail(to_string(options_.self) + " hears the dead");
  if (const auto* news = std::get_if<wire::ActorNews>(&message)) {
    owner::ActorCalls& calls = *actors_.at(news->actor);
    news_[news->actor] = *news;
    calls.on_news(*news);
    if (dead_.contains(news->process)) calls.on_process_died(news->process, "gone already");
  } else if (const auto* done = std::get_if<wire::TaskDone>(&message)) {
    const auto call = open_.find(done->task.n);
    if (call != open_.end() && actors_.at(call->second)->answered(done->task.n, done->attempt))
      over(done->task.n, false);
  } else if (const auto* failed = std::get_if<wire::TaskFailed>(&message)) {
    const auto call = open_.find(failed->task.n);
    if (call != open_.end() && actors_.at(call->second)->answered(failed->task.n, failed->attempt)) {
      over(failed->task.n, true);
    }
  }
  settle();
}

void Caller::on_process_died(ProcessId process, const std::string& cause) {
  dead_.insert(process);
  for (auto& [actor, calls] : actors_) calls->on_process_died(process, cause);
  settle();
}

void Caller::settle() {
  for (auto& [actor, calls] : actors_) {
    calls->take_actions(actions_taken_);
    for (const owner::ActorCalls::Action& action : actions_taken_) {
      if (const auto* send = std::get_if<owner::ActorCalls::Send>(&action)) {
        wire::CallActor message;
        message.actor = actor;
        message.incarnation = send->incarnation;
        message.task = {options_.self, send->call};
        message.attempt = send->attempt;
        say(send->process, std::move(message));
      } else {
        const auto& fail = std::get<owner::ActorCalls::Fail>(action);
        lost(actor, *fail.failure);
        over(fail.call, true);
      }
    }
  }
}

/// Of the calls that a lost process had, no more may have started than it has threads.
void Caller::lost(const ActorId& actor, const wire::Failure& failure) {
  const wire::ActorNews& news = news_[actor];
  if (news.phase == wire::ActorPhase::dead) return;
  if (++lost_[{actor, failure.process}] > news.threads)
    ledger_.fail(to_string(actor) + " failed calls that had not started");
}

void Caller::over(std::uint64_t n, bool failed) {
  const TaskId task{options_.self, n};
  const std::int32_t retries = news_[open_.at(n)].call_retries;
  if (retries >= 0 && ledger_.begun(task) > 1 + static_cast<std::uint32_t>(retries)) ++ledger_.repeated;
  ledger_.ended(task, failed);
  open_.erase(n);
}

std::optional<Time> Caller::next_time() const { return ended_ ? std::nullopt : std::optional(next_at_); }

void Caller::take_messages(std::vector<wire::Envelope>& into) {
  into.clear();
  into.swap(out_);
}

std::string Caller::describe() const {
  std::string text = to_string(options_.self) + (ended_ ? " ended, " : " goes on, ") + std::to_string(open_.size()) +
                     " calls open";
  if (!open_.empty()) {
    text += ", first " + std::to_string(open_.begin()->first) + " of " + to_string(open_.begin()->second);
  }
  return text;
}

}  // namespace shoal::sim::actors
