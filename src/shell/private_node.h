#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/thread_safety.h"
#include "shell/control_station.h"
#include "shell/link.h"
#include "shell/memory/memory_watch.h"
#include "shell/node_station.h"
#include "shell/output/printer.h"
#include "net/token.h"
#include "shell/owner_station.h"
#include "shell/peers.h"
#include "shell/program.h"
#include "shell/store_station.h"
#include "wire/resources.h"

namespace shoal::shell {

/// A cluster of one program: the control service and the daemon of its machine are in the program's own process, and its
/// workers are processes, this program started again. It ends with the program.
class PrivateNode final : private Timed {
 public:
  struct Options {
    wire::Resources total;
    std::map<std::string, std::string> labels{};
    std::string host{};
    Showing output = Showing::folded_on_terminals;
    double memory_reserve = 0.05;  ///< See MemoryPolicy.
    std::string log_folder{};      ///< Of what workers write; empty = none.
    StoreStation::Options store{};
  };
  /// Throws where the program's binary cannot be opened.
  explicit PrivateNode(const Options& options);
  /// Drops what has not started, tells what runs, and waits for it a while; then ends it.
  ~PrivateNode() override;
  PrivateNode(const PrivateNode&) = delete;
  PrivateNode& operator=(const PrivateNode&) = delete;

  OwnerStation& driver() { return *driver_; }
  /// The machine's object store.
  StoreStation& store() { return store_; }

 private:
  class Worker;

  void carry_out(const node::Action& action);
  void on_time() override;
  std::unique_ptr<Worker> start(ProcessId id);
  std::unique_ptr<Worker> cannot_start(ProcessId id, const Status& status);
  void on_word(ProcessId worker, const wire::Message& message);
  void on_exit(ProcessId worker, const std::string& cause, ErrorCode code);
  void announce(ProcessId dead, const std::string& cause, ErrorCode code = ErrorCode::worker_died);
  void end(const MemoryPolicy::Verdict& verdict);
  std::optional<MemoryPolicy::Verdict> take_reason(Worker& worker);
  void tell(ProcessId worker, wire::Message message);
  void wait_for_workers();
  std::vector<ProcessId> living() const;

  const Program program_;
  const net::Token token_ = net::Token::make();
  const std::string meeting_ = make_meeting();
  Printer printer_;
  Surroundings around_;
  MemoryWatch memory_;
  ControlStation control_{around_};
  NodeStation node_;
  StoreStation store_;
  OwnerStation* driver_ = nullptr;

  mutable Mutex mutex_;
  CondVar someone_left_;
  bool closing_ GUARDED_BY(mutex_) = false;
  std::vector<ProcessId> to_start_ GUARDED_BY(mutex_);
  std::deque<std::pair<Time, ProcessId>> to_kill_ GUARDED_BY(mutex_);  // unless they have ended by then
  std::map<ProcessId, std::unique_ptr<Worker>> workers_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Worker>> buried_ GUARDED_BY(mutex_);  // a thread may still look at their stations
};

}  // namespace shoal::shell
