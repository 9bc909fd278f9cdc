#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/listener.h"
#include "shell/cluster_folder.h"
#include "shell/crew.h"
#include "shell/transit_station.h"
#include "shell/visitor.h"

namespace shoal::shell {

/// The head of a cluster of one machine, which outlives programs: the control service and the machine's node, and whom it lets
/// in: programs that use it, for which it starts workers, and tools that look at it. Whatever a program had ends with it.
class Daemon final : private Pollable, private Timed {
 public:
  struct Options {
    wire::Resources total;
    std::map<std::string, std::string> labels{};
    std::string host{};
    StoreStation::Options store{};
  };
  /// Listens in the folder, which is to be opened then. Throws where that is not possible.
  Daemon(const Options& options, const ClusterFolder& folder);
  /// Drivers are told that it ends, and workers ended.
  ~Daemon() override;
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// The machine's object store.
  StoreStation& store() { return crew_.store(); }

  /// Waits for SIGTERM or SIGINT, which are to be blocked since before this was made; returns its name.
  std::string wait_for_stop();

 private:
  class Driver;

  net::Identity identity();
  void on_events(std::uint32_t events) override;
  void on_time() override;
  void on_visitor(Visitor& visitor);
  Status join(Visitor& visitor, const wire::Join& join);
  wire::StatusIs status(const wire::AskStatus& asked);
  void on_driver_gone(ProcessId process, const std::string& cause);
  void bury(std::unique_ptr<Pollable> gone) REQUIRES(mutex_);
  std::unique_ptr<Visitor> take(const Visitor& visitor) REQUIRES(mutex_);
  void set_alarm() REQUIRES(mutex_);

  Surroundings around_;
  ControlStation control_{around_};
  Crew crew_;
  const std::unique_ptr<TransitStation> transit_;
  const std::string host_;
  const std::int64_t started_at_;

  Mutex mutex_;
  std::unique_ptr<net::Listener> listener_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Visitor>> visitors_ GUARDED_BY(mutex_);
  std::map<ProcessId, std::unique_ptr<Driver>> drivers_ GUARDED_BY(mutex_);
  std::deque<std::pair<Time, std::unique_ptr<Pollable>>> buried_ GUARDED_BY(mutex_);  // see k_buried_ns
};

}  // namespace shoal::shell
