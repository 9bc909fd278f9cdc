#include "owner/actor_calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <memory>
#include <utility>

namespace shoal::owner {

using wire::ActorPhase;

void ActorCalls::add(Call call) {
  assert(calls_.empty() || calls_.rbegin()->first < call);
  if (heard_ && news_.phase == ActorPhase::dead) return fail(call, news_.failure);
  calls_.emplace(call, Entry{});
}

void ActorCalls::ready(Call call) {
  const auto found = calls_.find(call);
  if (found == calls_.end()) return;
  found->second.ready = true;
  send_ready();
}

bool ActorCalls::withdraw(Call call) {
  const auto found = calls_.find(call);
  if (found == calls_.end() || is_sent(call)) return false;
  calls_.erase(found);
  send_ready();  // it may have been what others waited for
  return true;
}

bool ActorCalls::answered(Call call, std::uint32_t attempt) {
  const auto found = calls_.find(call);
  if (found == calls_.end() || !is_sent(call) || found->second.attempts != attempt + 1) return false;
  calls_.erase(found);
  --sent_;
  send_ready();
  return true;
}

void ActorCalls::on_news(const wire::ActorNews& news) {
  assert(news.actor == actor_);
  if (heard_ && (news_.phase == ActorPhase::dead || news.incarnation < news_.incarnation)) return;
  heard_ = true;
  news_ = news;
  if (news_.phase == ActorPhase::dead) fail_unsent();
  send_ready();
}

void ActorCalls::on_process_died(ProcessId process, const std::string& cause) {
  if (heard_ && news_.phase == ActorPhase::alive && news_.process == process) gone_up_to_ = news_.incarnation;
  if (sent_ == 0 || host_ != process) return;
  if (news_.phase != ActorPhase::dead) count_retries(lost_with(process, cause));
  sent_ = 0;
  next_ = 0;
  if (news_.phase == ActorPhase::dead) fail_unsent();
  send_ready();
}

void ActorCalls::count_retries(const wire::FailurePtr& lost) {
  const std::size_t may_have_started = std::min<std::size_t>(sent_, news_.threads);
  auto at = calls_.begin();
  for (std::size_t i = 0; i < may_have_started; ++i) {
    std::uint32_t& retries = at->second.retries;
    if (news_.call_retries < 0 || retries < static_cast<std::uint32_t>(news_.call_retries)) {
      ++retries;
      ++at;
    } else {
      fail(at->first, lost);
      at = calls_.erase(at);
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
  for (auto at = calls_.lower_bound(next_); at != calls_.end() && at->second.ready; ++at) {
    host_ = news_.process;
    actions_.push_back(Send{at->first, at->second.attempts++, host_, news_.incarnation});
    ++sent_;
    next_ = at->first + 1;
  }
}

void ActorCalls::fail_unsent() {
  const auto first = calls_.lower_bound(next_);
  for (auto at = first; at != calls_.end(); ++at) fail(at->first, news_.failure);
  calls_.erase(first, calls_.end());
}

wire::FailurePtr ActorCalls::lost_with(ProcessId process, const std::string& cause) const {
  auto failure = std::make_shared<wire::Failure>();
  failure->code = ErrorCode::worker_died;
  failure->process = process;
  failure->text = fmt::format("actor {} lost its process {} while the call may have been running, and its calls {}: {}",
                              to_string(actor_), to_string(process),
                              news_.call_retries == 0 ? "are not tried again (max_task_retries is 0)"
                                                      : fmt::format("are tried again {} times", news_.call_retries),
                              cause);
  return failure;
}

}  // namespace shoal::owner
