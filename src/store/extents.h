#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>

#include "store/object.h"
#include "store/place.h"

namespace shoal::store {

/// A piece of memory, or of disk that can be mapped. creating -> open -> closed -> gone; closed -> warm -> open.
/// Nobody writes any more in a closed one; a warm one is empty, and its last writer may fill it again.
struct Extent {
  enum class State : std::uint8_t { creating, open, closed, warm };

  ExtentId id = 0;
  std::uint64_t bytes = 0;
  bool on_disk = false;
  ProcessId writer{};  ///< {}: the store itself, which restores objects there.
  JobId job = 0;
  State state = State::creating;
  TicketId ticket{};      ///< For which it is being created.
  bool is_wanted = true;  ///< False: the ticket is gone while the extent is being created.
  bool is_recalled = false;
  bool is_victim = false;                      ///< It is emptied for somebody who needs memory, so it is not kept warm.
  std::map<std::uint64_t, Object*> objects{};  ///< What lies there, by offset.
  std::uint64_t live_bytes = 0;                ///< Of them.
  std::set<ProcessId> readers{};               ///< Who was told of it.
  std::size_t spilling = 0;                    ///< Writes under way that empty it.
};

/// All extents, and the sums over them. Pure bookkeeping: who decides is the core.
class Extents {
 public:
  /// A new one, which is being created.
  Extent& add(std::uint64_t bytes, bool on_disk, ProcessId writer, JobId job, const TicketId& ticket);
  Extent* find(ExtentId id);
  void remove(Extent& extent);

  void place(Extent& extent, Object& object, std::uint64_t offset);
  void displace(Object& object);

  void keep_warm(Extent& extent);
  /// The smallest warm one of this process with at least and at most so many bytes opens; null where there is none.
  Extent* take_warm(ProcessId process, std::uint64_t least, std::uint64_t most);
  /// Null where there is none.
  Extent* oldest_warm();

  void begin_emptying(Extent& extent, std::size_t writes);
  /// One of its writes has ended.
  void end_write(Extent& extent);

  /// Memory that is taken, warm extents included; disk is not.
  std::uint64_t used() const { return used_; }
  std::uint64_t disk() const { return disk_; }
  std::uint64_t warm() const { return warm_bytes_; }
  std::uint64_t warm(ProcessId process) const;
  /// Memory that is free when the writes under way have ended.
  std::uint64_t emptying() const { return emptying_; }
  /// What the job has taken, warm extents left out.
  std::uint64_t charged(JobId job) const;

  /// In the order of their numbers.
  std::map<ExtentId, Extent>& all() { return all_; }
  const std::map<ExtentId, Extent>& all() const { return all_; }

 private:
  void charge(JobId job, std::uint64_t bytes) { charged_[job] += bytes; }
  void discharge(JobId job, std::uint64_t bytes);
  void forget_warm(Extent& extent);

  std::map<ExtentId, Extent> all_;
  ExtentId last_ = 0;
  std::set<ExtentId> warm_;
  std::map<ProcessId, std::uint64_t> warm_of_;
  std::map<JobId, std::uint64_t> charged_;
  std::uint64_t used_ = 0, disk_ = 0, warm_bytes_ = 0, emptying_ = 0;
};

}  // namespace shoal::store
