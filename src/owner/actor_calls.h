#pragma once

#include <shoal/base/ids.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <variant>
#include <vector>

#include "wire/actor.h"

namespace shoal::owner {

/// The calls of one actor that this process made and that have no answer yet: which are sent when, and what becomes of them
/// when the actor's process is lost. They start in the order in which they were made. A state machine like Core, which has
/// one for each actor that it calls; it belongs to Core's lock.
///
/// What was sent stays with the process that it was sent to until that answers or its death is heard, whatever the news
/// are: answers come on another way than news, and only a death comes after all answers. At that death the first `threads`
/// of them may have started: they use a retry or fail. The others had not started, as a process gives the answer to a call
/// away before it starts the next in that one's place; they go to the next incarnation like those that were never sent.
/// Only where that answer was lost with the process is one that had started taken for one that had not.
class ActorCalls {
 public:
  /// The caller's numbers, which grow from call to call.
  using Call = std::uint64_t;

  struct Send {
    Call call = 0;
    std::uint32_t attempt = 0;  ///< A new one whenever it is sent again: an answer to another is stale.
    ProcessId process;
    std::uint32_t incarnation = 0;
    friend bool operator==(const Send&, const Send&) = default;
  };
  /// The call is over, with this result.
  struct Fail {
    Call call = 0;
    wire::FailurePtr failure;
  };
  using Action = std::variant<Send, Fail>;

  explicit ActorCalls(const ActorId& actor) : actor_(actor) {}
  ActorCalls(const ActorCalls&) = delete;
  ActorCalls& operator=(const ActorCalls&) = delete;

  /// A call more, behind all others; it and those behind it wait until it is ready.
  void add(Call call);
  /// Its arguments are there. Does nothing where it is over.
  void ready(Call call);
  /// Takes the call out if it is not with a process now. False where it is, or is over.
  bool withdraw(Call call);
  /// An answer came. True where it is the call's result, with which the call is over; false where it is stale.
  bool answered(Call call, std::uint32_t attempt);

  /// Old news have no effect. `is_gone`: the death of the process that they name was heard before.
  void on_news(const wire::ActorNews& news, bool is_gone = false);
  /// Any process.
  void on_process_died(ProcessId process, const std::string& cause);

  /// Moves out what is to be done, in order, replacing the contents of `into`.
  void take_actions(std::vector<Action>& into);

  /// Of the news that counted last; dead = for good.
  bool is_dead() const { return heard_ && news_.phase == wire::ActorPhase::dead; }
  bool heard_news() const { return heard_; }
  /// Calls that are not over.
  std::size_t size() const { return size_; }
  /// Of them, those that were sent.
  std::size_t sent() const { return sent_; }

 private:
  struct Entry {
    Call call = 0;
    bool ready = false;
    bool over = false;
    std::uint32_t attempts = 0;  // begun, so that the next has this number
    std::uint32_t retries = 0;   // used
  };

  /// The entry of a call that is not over; null for others. O(1) for the oldest, O(log calls) for others.
  Entry* find(Call call);
  bool is_sent(const Entry& entry) const { return unsent_ == calls_.size() || entry.call < calls_[unsent_].call; }
  void end(Entry& entry);
  void send_ready();
  /// Of those that may have started with the process that is gone.
  void count_retries(const wire::FailurePtr& lost);
  void fail(Call call, const wire::FailurePtr& failure) { actions_.push_back(Fail{call, failure}); }
  void fail_unsent();
  wire::FailurePtr lost_with(ProcessId process, const std::string& cause) const;

  const ActorId actor_;
  wire::ActorNews news_;  // the last, where heard_
  bool heard_ = false;
  std::deque<Entry> calls_;  // by number; the first is not over
  std::size_t unsent_ = 0;   // those before this one are sent or over, the others are not sent
  std::size_t size_ = 0, sent_ = 0;
  ProcessId host_;                // where the sent ones are
  std::uint32_t gone_up_to_ = 0;  // the last incarnation whose process is known to be gone
  std::vector<Action> actions_;
};

}  // namespace shoal::owner
