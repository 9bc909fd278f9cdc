#include "owner/actor_calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <memory>
#include <utility>

namespace shoal::owner {

using wire::ActorPhase;

void ActorCalls::add(Call call) {
  assert(calls_.empty() || calls_.back().call < call);
  if (heard_ && news_.phase == ActorPhase::dead) return fail(call, news_.failure);
  calls_.push_back({.call = call});
  ++size_;
}

void ActorCalls::ready(Call call) {
  Entry* entry = find(call);
  if (entry == nullptr) return;
  entry->ready = true;
  send_ready();
}

bool ActorCalls::withdraw(Call call) {
  Entry* entry = find(call);
  if (entry == nullptr || is_sent(*entry)) return false;
  end(*entry);
  send_ready();  // it may have been what others waited for
  return true;
}

bool ActorCalls::answered(Call call, std::uint32_t attempt) {
  Entry* entry = find(call);
  if (entry == nullptr || !is_sent(*entry) || entry->attempts != attempt + 1) return false;
  --sent_;
  end(*entry);
  send_ready();
  return true;
}

ActorCalls::Entry* ActorCalls::find(Call call) {
  if (calls_.empty()) return nullptr;
  if (calls_.front().call == call) return &calls_.front();
  const auto at = std::ranges::lower_bound(calls_, call, {}, &Entry::call);
  return at == calls_.end() || at->call != call || at->over ? nullptr : &*at;
}

void ActorCalls::end(Entry& entry) {
  entry.over = true;
  --size_;
  while (!calls_.empty() && calls_.front().over) {
    calls_.pop_front();
    if (unsent_ > 0) --unsent_;
  }
}

void ActorCalls::on_news(const wire::ActorNews& news, bool is_gone) {
  assert(news.actor == actor_);
  if (heard_ && (news_.phase == ActorPhase::dead || news.incarnation < news_.incarnation)) return;
  heard_ = true;
  news_ = news;
  if (is_gone && news_.phase == ActorPhase::alive) gone_up_to_ = news_.incarnation;
  if (news_.phase == ActorPhase::dead) fail_unsent();
  send_ready();
}

void ActorCalls::on_process_died(ProcessId process, const std::string& cause) {
  if (heard_ && news_.phase == ActorPhase::alive && news_.process == process) gone_up_to_ = news_.incarnation;
  if (sent_ == 0 || host_ != process) return;
  if (news_.phase != ActorPhase::dead) count_retries(lost_with(process, cause));
  std::erase_if(calls_, [](const Entry& entry) { return entry.over; });
  size_ = calls_.size();
  sent_ = 0;
  unsent_ = 0;
  if (news_.phase == ActorPhase::dead) fail_unsent();
  send_ready();
}

void ActorCalls::count_retries(const wire::FailurePtr& lost) {
  std::uint32_t may_have_started = news_.threads;
  for (std::size_t i = 0; i < unsent_ && may_have_started > 0; ++i) {
    Entry& entry = calls_[i];
    if (entry.over) continue;
    --may_have_started;
    if (news_.call_retries < 0 || entry.retries < static_cast<std::uint32_t>(news_.call_retries)) {
      ++entry.retries;
    } else {
      fail(entry.call, lost);
      entry.over = true;
    }
  }
}

void ActorCalls::take_actions(std::vector<Action>& into) {
  into.clear();
  into.swap(actions_);
}

void ActorCalls::send_ready() {
  if (!heard_ || news_.phase != ActorPhase::alive || news_.incarnation <= gone_up_to_) return;
  if (sent_ != 0 && host_ != news_.process) return;
  for (; unsent_ < calls_.size(); ++unsent_) {
    Entry& entry = calls_[unsent_];
    if (entry.over) continue;
    if (!entry.ready) return;
    host_ = news_.process;
    ++sent_;
    actions_.push_back(Send{entry.call, entry.attempts++, host_, news_.incarnation});
  }
}

void ActorCalls::fail_unsent() {
  for (std::size_t i = unsent_; i < calls_.size(); ++i) {
    if (!calls_[i].over) fail(calls_[i].call, news_.failure);
  }
  calls_.resize(unsent_);
  size_ = sent_;
}

wire::FailurePtr ActorCalls::lost_with(ProcessId process, const std::string& cause) const {
  auto failure = std::make_shared<wire::Failure>();
  failure->code = ErrorCode::actor_died;
  failure->process = process;
  failure->text = fmt::format("actor {} lost its process {} while the call may have been running, and its calls {}: {}",
                              to_string(actor_), to_string(process),
                              news_.call_retries == 0 ? "are not tried again (max_task_retries is 0)"
                                                      : fmt::format("are tried again {} times", news_.call_retries),
                              cause);
  return failure;
}

}  // namespace shoal::owner
