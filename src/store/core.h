#pragma once

#include <shoal/base/ids.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/slab.h"
#include "base/status.h"
#include "store/actions.h"
#include "store/extents.h"
#include "store/object.h"
#include "store/pins.h"
#include "store/place.h"

namespace shoal::store {

/// What a process asks for: that objects can be read, and an extent to write to. It gets all of it, or nothing yet.
struct Ask {
  TicketId ticket;
  std::vector<ObjectId> objects{};
  std::uint64_t extent_bytes = 0;  ///< 0: none. A ticket that does not run has none.
  /// Whether it is for code that runs: what it got stays until the ticket is released. What a ticket got that has not
  /// started may be taken away for an older one, unless its process pinned it.
  bool runs = true;
};

/// One line of `shoal memory`.
struct ObjectInfo {
  enum class Where : std::uint8_t { memory, memory_and_spill, spill, overflow };
  enum class State : std::uint8_t { sealed, spilling, restoring, dropped };

  ObjectId object;  ///< Names its owner.
  std::uint64_t bytes = 0;
  bool is_copy = false;
  Where where = Where::memory;
  State state = State::sealed;
  std::uint32_t holds = 0;  ///< By tickets.
  std::vector<std::pair<ProcessId, std::uint32_t>> pins{};
};

/// The object store of one machine, as its daemon sees it: who may write where, what lies in memory or on disk, and who
/// waits for memory. A state machine: it does no I/O and knows no clock, no thread and no address; what it asks for is
/// taken from it. Its shell owns it, makes all calls one after the other, and takes the actions after each.
///
/// Tickets are admitted whole and in their order. The first that waits is given what is free; then warm extents, copies
/// and what is on disk already; then what can be spilled; then an extent on disk. It waits for I/O that is under way, never
/// for anybody's pins. If the disk is full as well, the last ticket that waits fails with StoreFull, and the first tries
/// again when something is let go of: at the latest when the failed one is released.
class Core {
 public:
  struct Options {
    std::uint64_t capacity_bytes = 0;             ///< Of memory, for all extents together.
    std::uint64_t warm_bytes_max = 512ull << 20;  ///< Of empty extents kept for one process.
    bool has_disk = true;                         ///< Without, nothing is spilled.
  };
  struct Usage {
    std::uint64_t memory_bytes = 0, warm_bytes = 0, overflow_bytes = 0, spilled_bytes = 0;
    std::size_t objects = 0, extents = 0, tickets = 0, slots = 0;
    friend bool operator==(const Usage&, const Usage&) = default;
  };

  /// `pins` outlives it.
  Core(Options options, PinBoard& pins) : options_(options), pins_(pins) {}
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  /// A process of this machine, whose pin table the board knows.
  void attach(ProcessId process, JobId job) { processes_.emplace(process, job); }
  /// What it had not sealed is gone, and its pins and tickets.
  void on_process_died(ProcessId process);
  /// Bytes of extents and spilled objects that a job may have at once; without a quota, all of them.
  void set_quota(JobId job, std::uint64_t bytes) { quotas_[job] = bytes; }

  // --- What processes say.

  /// Answered by Admitted or Failed; after either it is released. Errors: invalid_argument, already_exists.
  Status ask(const Ask& ask);
  /// It has pinned what it needs longer, or failed; or it wants no answer any more. Unknown ones are nobody's business.
  void release(const TicketId& ticket);
  /// The object's bytes are written and never change again. Errors: invalid_argument, already_exists, no_space.
  Status seal(ProcessId process, ObjectId object, const Place& place, bool is_copy = false);
  /// It writes there no more.
  void return_extent(ProcessId process, ExtentId extent);
  /// Whoever pinned a closed slot rings (PinTable).
  void on_unpinned(std::uint32_t slot);
  /// Nobody will ask for it any more. Its pages stay while somebody pins them.
  void drop(ObjectId object);

  // --- What became of actions.

  void on_extent_created(ExtentId extent);
  void on_extent_failed(ExtentId extent, const Status& status);
  void on_spill_written(std::uint64_t key);
  void on_spill_failed(std::uint64_t key, const Status& status);
  void on_restored(std::uint64_t key);
  void on_restore_failed(std::uint64_t key, const Status& status);

  /// Moves them into `into`, replacing its contents.
  void take_actions(Actions& into);

  /// In the order of their ids; what is dropped and pinned still comes last.
  std::vector<ObjectInfo> objects() const;
  /// What to pin of one that lies in memory; nothing where it does not, or is dropped.
  std::optional<Located> find(ObjectId id) const;
  Usage usage() const;
  /// Those that wait for memory, in their order.
  std::vector<TicketId> waiting() const { return {waiting_.begin(), waiting_.end()}; }

 private:
  struct Ticket {
    enum class State : std::uint8_t { waiting, filling, admitted, failed };
    Ask ask;
    State state = State::waiting;
    std::vector<Object*> objects{};  // held while it is being filled and, softly or not, while it is admitted
    ExtentId output = 0, restored = 0;
    bool has_warm = false;                // its output was filled before
    std::size_t pending = 0;              // I/O under way for it
    Status memory_fault{}, disk_fault{};  // why the system refused its last attempt
  };
  enum class Room : std::uint8_t { here, comes, none };
  struct Need {
    std::uint64_t restored = 0, output = 0;
  };

  // --- Tickets.

  /// Ends each event: admits whom it can.
  void settle();
  /// Something was let go of: what failed may be tried again.
  void wake();
  /// Wakes where memory or disk became free since `taken()` was so much: who drops a million objects wakes seldom.
  void wake_if_freed(std::uint64_t before);
  std::uint64_t taken() const { return extents_.used() + extents_.disk() + spilled_; }
  void forget(const TicketId& id);
  /// False where the first has to wait.
  bool admit(Ticket& ticket);
  /// What waiting would not mend.
  Status fault_of(const Ticket& ticket) const;
  Need hold(Ticket& ticket);
  Extent* take_warm(ProcessId process, std::uint64_t bytes);
  void reserve(Ticket& ticket, const Need& need, bool on_disk, Extent* warm);
  void restore(Ticket& ticket, std::uint64_t bytes, bool on_disk);
  /// One of the things that the ticket waits for is there.
  void filled(const TicketId& id);
  void answer(Ticket& ticket);
  void fail(Ticket& ticket, const Status& status);
  void wait_again(Ticket& ticket);
  /// Of all that it holds; the extent of one that was admitted is its process's.
  void let_go(Ticket& ticket);
  /// Fails the last that needs memory; true where that is `first` itself.
  bool fail_for_space(Ticket& first);
  bool needs_memory(const Ticket& ticket) const;
  Status store_full(const Ticket& fails, const Ticket& first) const;
  /// Who keeps memory, for people.
  std::string holders() const;

  // --- Memory.

  Room make_room(std::uint64_t bytes, const TicketId& head);
  void evict(Extent& extent);
  void recall_open();
  void close(Extent& extent);
  /// Where nothing lies in it any more, and nobody writes there.
  void let_go_if_empty(Extent& extent);
  void destroy(Extent& extent);

  // --- Objects.

  Status fault_of(ProcessId process, const Place& place, const Extent* extent) const;
  void revoke_soft_holders(Object& object);
  void leave_memory(Object& object);
  void unhold(Object& object);
  /// To be followed by free_if_let_go, or by the end of a hold.
  void make_dropped(Object& object);
  void free_if_let_go(Object& object);
  /// The object whose I/O has ended; null where none was under way.
  Object* ended(std::uint64_t key, Object::Io io);
  std::uint64_t charged(JobId job) const;
  void spilled(Object& object, bool is);
  ObjectInfo info(const Object& object) const;

  const Options options_;
  PinBoard& pins_;
  std::map<ProcessId, JobId> processes_;
  std::map<JobId, std::uint64_t> quotas_, spilled_of_;
  std::uint64_t spilled_ = 0, last_key_ = 0;

  Slab<Object> objects_;
  ObjectTable table_;
  std::map<std::uint64_t, Object*> io_;       // spilling and restoring, by key
  std::map<std::uint32_t, Object*> dropped_;  // and pinned, held or under way still, by slot
  Extents extents_;

  std::map<TicketId, Ticket> tickets_;
  std::set<TicketId> waiting_;
  bool stalled_ = false;  // the first waits until something is let go of
  Status spill_fault_;    // nothing is spilled until something is let go of
  Actions actions_;
};

}  // namespace shoal::store
