#pragma once

#include <shoal/base/ids.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "shell/station.h"
#include "shell/store_disk.h"
#include "shell/timed_station.h"
#include "store/core.h"
#include "store/holds.h"
#include "store/memory.h"

namespace shoal::shell {

/// What a store takes of the memory that this process may use: 30 %, less where less is free.
std::uint64_t default_store_bytes();

/// Whether processes say it to their machine's store.
bool is_for_store(const wire::Message& message);

/// The machine's object store in a station of its own: part of the daemon, which passes on what is for it. It decides by
/// store::Core and store::Holds, and waits for nothing; what has to wait is StoreDisk's.
class StoreStation final : public Station {
 public:
  struct Options {
    std::uint64_t capacity_bytes = 0;
    std::string
        spill_folder{};  ///< Empty = the system's for temporary files, and nothing is spilled if that is of no use.
  };
  /// `self`: a name in the network of its own. Throws where there is no memory for its tables, or the folder is of no use.
  StoreStation(Surroundings& around, ProcessId self, const Options& options);
  ~StoreStation() override;

  /// Tells the process what there is. To be called once, before it can have heard of any object.
  void attach(ProcessId process);
  /// All that it said was passed on before.
  void on_process_died(ProcessId process);
  /// The thread that waits for the system ends: what was asked for and is not done will not be.
  void stop();

  std::uint64_t capacity() const { return capacity_bytes_; }
  std::vector<store::ObjectInfo> objects();
  store::Core::Usage usage();
  /// For people: what it holds, and its largest objects.
  void describe(wire::StatusIs& into, std::size_t objects_max);

 private:
  StoreStation(Surroundings& around, ProcessId self, std::uint64_t capacity_bytes,
               std::unique_ptr<store::SpillFiles> files);

  struct Process {
    store::SharedMemory memory;
    store::Mapping pins;
    std::set<store::ExtentId> told;  // of which extents it has the memory
  };

  void on_message(ProcessId from, wire::Message& message) override;
  void take_messages(std::vector<wire::Envelope>& into) override;

  void on(ProcessId from, const wire::AskStore& ask);
  void on(ProcessId from, const wire::ReleaseTicket& release);
  void on(ProcessId from, const wire::SealObject& seal);
  void on(ProcessId from, const wire::ReturnExtent& returned);
  void on(ProcessId from, const wire::RingSlot& ring);
  void on(ProcessId from, const wire::GiveObject& give);
  void on(ProcessId from, const wire::DropObject& drop);

  /// For those whose objects have begun meanwhile, or never will.
  void ask_early();
  void act(store::Action& action);
  void answer(const store::Admitted& admitted);
  void fail(const store::TicketId& ticket, const Status& status);
  /// Sends it the extent's memory, where it has not got it.
  Status tell_extent(ProcessId to, store::ExtentId extent, bool is_writable);
  void on_done(const store::Action& action, const Status& status, std::shared_ptr<const store::SharedMemory> memory);
  void say(ProcessId to, wire::Message message) { leaving_.push_back({to, std::move(message)}); }

  const std::uint64_t capacity_bytes_;
  Surroundings& around_;

  // Guarded by the station's lock.
  store::SharedMemory directory_;
  store::Mapping words_;
  store::PinBoard board_;
  store::Core core_;
  store::Holds holds_;
  std::vector<std::pair<ProcessId, wire::AskStore>> early_;  // by whom; for objects that have not begun yet
  std::map<ProcessId, Process> processes_;
  std::map<store::ExtentId, std::shared_ptr<const store::SharedMemory>> extents_;
  std::vector<wire::Envelope> leaving_;
  store::Actions actions_;
  std::unique_ptr<StoreDisk> disk_;
};

}  // namespace shoal::shell
