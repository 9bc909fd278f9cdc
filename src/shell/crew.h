#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/thread_safety.h"
#include "net/token.h"
#include "shell/control_station.h"
#include "shell/memory/memory_group.h"
#include "shell/memory/memory_watch.h"
#include "shell/node_station.h"
#include "shell/output/driver_screens.h"
#include "shell/output/printer.h"
#include "shell/owner_station.h"
#include "shell/program.h"
#include "shell/store_station.h"
#include "wire/process.h"
#include "wire/status.h"

namespace shoal::shell {

/// For people who look at it later, on any machine.
std::int64_t nanoseconds_since_1970();

/// The node of a machine with its store and its worker processes: starts each from the program of the driver whose tasks
/// it is for, hears of its end, and tells everybody. Who composes a cluster owns it, and adds the drivers: the one of its
/// own process, or those of others.
class Crew final : private Timed {
 public:
  struct Options {
    std::map<std::string, std::string> labels{};
    std::string host{};
    double memory_reserve = 0.05;  ///< See MemoryPolicy.
    StoreStation::Options store{};
  };
  Crew(Surroundings& around, ControlStation& control, const Options& options);
  /// After end().
  ~Crew() override;
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  NodeStation& node() { return node_; }
  StoreStation& store() { return store_; }
  const net::Token& token() const { return token_; }
  /// What is said first to a process of this machine.
  wire::Welcome welcome(ProcessId process) const;

  /// Under which name this process uses its own store, before anything is started: messages that others send by way of
  /// it may carry what lies there.
  void set_host(ProcessId host);
  /// The driver in this process, which is its host, before it submits anything. `output`: what becomes of what its
  /// workers write.
  void add_driver(OwnerStation& driver, Program program, Printer::Options output);
  /// One in another process, to which the network knows the way. It hears of deaths from now on, and its workers write to
  /// its own output.
  void add_driver(ProcessId driver, Program program, std::unique_ptr<DriverScreens> screens);
  /// Of another process. It is dead, and the network does not know it any more: everybody is told, and its workers end.
  void on_driver_died(ProcessId driver, const std::string& cause);

  /// Sends a message of the node to a process.
  void tell(ProcessId process, wire::Message message);
  /// Starts no worker any more, tells those that run to end, and kills them where they do not in time.
  void end();
  /// Notes what people who look for a fault want to know.
  void note_failure(std::string text);
  /// What it knows of itself; not who the drivers are.
  void describe(wire::StatusIs& into);

 private:
  class Worker;
  struct Job {
    std::shared_ptr<const Program> program;
    std::shared_ptr<DriverScreens> screens;  ///< Of a driver in another process.
    std::shared_ptr<Printer> printer;
    bool is_elsewhere = false;  ///< Its driver is in another process,
    bool has_ended = false;     ///< or was.
  };

  void carry_out(const node::Action& action);
  void limit(const node::LimitMemory& what);
  void wake_by(Time at) REQUIRES(mutex_);
  void on_time() override;
  void start(const node::StartWorker& what);
  Result<std::unique_ptr<Worker>> make(const node::StartWorker& what);
  void on_word(ProcessId worker, const wire::Message& message);
  void on_exit(ProcessId worker, const std::string& cause, ErrorCode code);
  void announce(ProcessId dead, const std::string& cause, ErrorCode code = ErrorCode::worker_died);
  void end(const MemoryPolicy::Verdict& verdict);
  std::optional<MemoryPolicy::Verdict> take_reason(Worker& worker);
  void close_screens(std::shared_ptr<DriverScreens> screens, Time at) REQUIRES(mutex_);
  void forget_ended_jobs();
  void forget_buried(Time now) REQUIRES(mutex_);
  void wait_for_workers();
  std::vector<ProcessId> living() const;

  Surroundings& around_;
  ControlStation& control_;
  const net::Token token_ = net::Token::make();
  const std::string meeting_;
  MemoryGroups groups_;
  MemoryWatch memory_;
  NodeStation node_;
  StoreStation store_;
  ProcessId host_;                  // set before anything is started
  OwnerStation* driver_ = nullptr;  // of this process, if there is one

  mutable Mutex mutex_;
  CondVar someone_left_;
  bool closing_ GUARDED_BY(mutex_) = false;
  std::map<ProcessId, Job> jobs_ GUARDED_BY(mutex_);  // by driver; those that have ended while they have workers
  std::vector<std::pair<Time, std::shared_ptr<DriverScreens>>> screens_to_close_ GUARDED_BY(mutex_);
  std::vector<node::StartWorker> to_start_ GUARDED_BY(mutex_);
  std::deque<std::pair<Time, ProcessId>> to_kill_ GUARDED_BY(mutex_);  // unless they have ended by then
  std::map<ProcessId, std::unique_ptr<Worker>> workers_ GUARDED_BY(mutex_);
  std::deque<std::pair<Time, std::unique_ptr<Worker>>> buried_ GUARDED_BY(mutex_);  // see forget_buried()
  std::deque<wire::FailureInfo> failures_ GUARDED_BY(mutex_);
};

}  // namespace shoal::shell
