#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/thread_safety.h"
#include "shell/control_station.h"
#include "shell/node_station.h"
#include "shell/owner_station.h"
#include "wire/resources.h"

namespace shoal::shell {

/// A whole cluster in one process: the control service, one node, the program and its workers, which are threads. The cores
/// and their messages are those of a real one.
class Embedded {
 public:
  struct Options {
    wire::Resources total;
    std::map<std::string, std::string> labels{};
    std::string host{};
    bool encode_messages = false;  ///< What stations say to each other goes through bytes, as if over a wire.
  };
  explicit Embedded(const Options& options);
  /// Drops what has not started, tells what runs, and waits for it.
  ~Embedded();
  Embedded(const Embedded&) = delete;
  Embedded& operator=(const Embedded&) = delete;

  OwnerStation& driver() { return *driver_; }

 private:
  void carry_out(const node::Action& action);
  void start(ProcessId id);
  void on_gone(OwnerStation& worker);
  void end(OwnerStation& worker, const std::string& cause);
  std::vector<OwnerStation*> living() const;
  OwnerStation* find(ProcessId id) const;
  void wait_for_workers();

  Surroundings around_;
  ControlStation control_{around_};
  NodeStation node_;
  OwnerStation* driver_ = nullptr;

  mutable Mutex mutex_;
  CondVar someone_left_;
  bool closing_ GUARDED_BY(mutex_) = false;
  std::size_t alive_ GUARDED_BY(mutex_) = 0;                        // until all others were told of their death
  std::map<ProcessId, OwnerStation*> stations_ GUARDED_BY(mutex_);  // the driver too
  std::vector<OwnerStation*> buried_ GUARDED_BY(mutex_);
};

}  // namespace shoal::shell
