#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/session.h"
#include "sim/random.h"
#include "sim/trace.h"
#include "sim/world/event_queue.h"
#include "sim/world/faults.h"
#include "sim/world/observer.h"
#include "sim/world/process.h"
#include "sim/world/simulated_channel.h"

namespace shoal::sim {

/// Processes on a simulated network in virtual time: each two that talk have a session of room net over channels that
/// delay, break and come back. The same seed and the same processes give the same events. One thread.
class World final : public ChannelWorld {
 public:
  struct Options {
    std::uint64_t seed = 1;
    FaultPlan faults = {};
    bool with_trace = false;         ///< Keeps the trace as text.
    Observer* observer = nullptr;    ///< Null: nobody watches.
    Time latency_ns = 5'000;         ///< Of each frame,
    std::uint64_t late_one_in = 64;  ///< but one in so many takes much longer.
    Time reconnect_ns_max = 5'000'000;
    Time announce_ns_max = 20'000'000;  ///< From a death to when others are told.
    Time pause_ns_max = 50'000'000;
    Time slow_ns_max = 50'000'000;
  };
  struct SpawnOptions {
    bool may_be_killed = false;  ///< By the fault plan, which pauses all.
    /// Called a while after its death; it may spawn another in its place.
    std::function<void()> on_killed = {};
  };

  explicit World(Options options);
  ~World() override;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Time now() const override { return now_; }
  Random& random() { return random_; }

  /// Whoever talks to it before it is there is heard when it comes. An id is used once.
  void spawn(ProcessId id, std::unique_ptr<Process> process, SpawnOptions options);
  void spawn(ProcessId id, std::unique_ptr<Process> process) { spawn(id, std::move(process), SpawnOptions()); }
  bool is_alive(ProcessId id) const;
  /// Null where it is not alive.
  Process* find(ProcessId id);
  /// All who talked to it are told a while later, and those who do from now on. A process may kill itself.
  void kill(ProcessId id, const std::string& cause);
  /// Has `who` told when `whom` dies, though they never talk.
  void introduce(ProcessId who, ProcessId whom) { port(resident(who), whom); }
  /// Takes its messages and asks it for its time again: somebody called the process from outside.
  void wake(ProcessId id);
  void later(Time delay, std::function<void()> action);

  /// Runs the next event. False: there is none.
  bool step();
  /// Until there is no event left, or `events` more have run. True: none is left.
  bool run(std::uint64_t events = UINT64_MAX);

  /// Of the next event; the end of time where there is none.
  Time next_time() const { return queue_.empty() ? INT64_MAX : queue_.next_time(); }
  std::uint64_t events() const { return events_; }
  /// That processes were given.
  std::uint64_t messages() const { return messages_; }
  const FaultTally& faults() const { return tally_; }
  /// Planned, and still to come.
  std::size_t faults_left() const { return options_.faults.faults.size() - next_fault_; }
  /// The first rule that was broken: a session that refused its peer, faults that did not happen. Empty = none.
  std::string failure() const;
  /// Messages between living processes that have not arrived, or are not known to have.
  std::size_t unacknowledged() const;
  const Trace& trace() const { return trace_; }

 private:
  using Index = std::uint32_t;
  static constexpr Index k_none = UINT32_MAX;

  enum class EventKind : std::uint32_t { arrival, session_timer, process_timer, wake, reconnect, death, action };
  struct Event {
    EventKind kind{};
    Index subject = 0;         // a port, resident, link or action
    std::uint64_t detail = 0;  // the epoch of an arrival; what a process's timer is set for
  };
  enum class Life : std::uint8_t { unborn, alive, dead };
  struct Resident {
    ProcessId id;
    std::unique_ptr<Process> process;
    SpawnOptions options;
    std::string cause;  // of its death
    Life life = Life::unborn;
    Time paused_until = 0;
    Time timer_at = 0;  // what its timer is set for; 0 = none
    std::vector<Index> ports;
    std::unordered_map<ProcessId, Index> port_to;
  };
  /// One end of a link; the other is `^ 1`. A link is the ports 2n and 2n + 1, of whoever spoke first and of the other.
  struct Port {
    Index resident = 0;
    net::Session session;
    std::unique_ptr<SimulatedChannel> channel;
    Time timer_at = 0;  // as above
    Time slow_until = 0;
    Time late_until = 0;  // the last words of the dead arrive no sooner
  };

  // ChannelWorld
  Time delay(const SimulatedChannel& to) override;
  void expect(Time at, SimulatedChannel& to) override { push(at, EventKind::arrival, to.place(), to.epoch()); }

  void push(Time at, EventKind kind, Index subject, std::uint64_t detail = 0) {
    queue_.push(at, {kind, subject, detail});
  }
  Port& other(Index port) { return ports_[port ^ 1]; }
  Resident& owner(Index port) { return residents_[ports_[port].resident]; }
  Index resident(ProcessId id);
  Index port(Index from, ProcessId to);
  bool is_asleep(const Event& event);
  Index whose(const Event& event) const;

  void handle(const Event& event);
  void on_arrival(Index port, std::uint64_t epoch);
  void on_session_timer(Index port);
  void on_process_timer(Index resident, Time set_for);
  void be_on_time(Index resident);
  void announce(Index port);
  void on_death(Index port);
  void after_call(Index resident);
  void flush(Index port);
  void arm(Index port);
  void connect(Index port);
  void bury(Index resident);

  // inject.cc: carries out the plan
  void inject_due();
  bool inject(FaultKind kind);
  bool break_one();
  bool kill_one();
  bool pause_one();
  bool slow_one();
  Index pick_connected();

  const Options options_;
  Random random_;
  Time now_ = 0;
  EventQueue<Event> queue_;
  std::deque<Resident> residents_;
  std::unordered_map<ProcessId, Index> by_id_;  // looked up only
  std::deque<Port> ports_;
  std::vector<std::function<void()>> actions_;
  std::vector<Index> free_actions_;
  std::vector<std::unique_ptr<Process>> graves_;  // processes that died in a call of their own

  std::size_t next_fault_ = 0;
  std::uint64_t next_fault_at_ = UINT64_MAX;
  std::uint64_t events_ = 0;
  std::uint64_t messages_ = 0;
  Index last_active_ = k_none;  // of those that may be killed, who was given a message last, or said something
  FaultTally tally_;
  std::string failure_;
  Trace trace_;

  // Scratch.
  std::vector<wire::Envelope> envelopes_;
  std::vector<net::Frame> frames_;
  std::vector<Index> touched_;
};

}  // namespace shoal::sim
