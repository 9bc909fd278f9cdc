#pragma once

#include <atomic>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/posix.h"
#include "base/status.h"
#include "base/time.h"

namespace shoal::shell {

/// What a worker process runs.
struct RunsNow {
  std::string task{};         ///< Empty = nothing.
  bool is_retriable = false;  ///< Another attempt follows if this process is lost.
  Time since = 0;             ///< Of the machine's monotonic clock.
  friend bool operator==(const RunsNow&, const RunsNow&) = default;
};

/// What a worker process runs at the moment, in a page that it shares with whoever started it: to say so costs a few
/// stores, and it is still there when the process has died. One thread writes at a time; any may read.
class WorkerPage {
 public:
  /// The page of a worker that is to be started, as a descriptor for it.
  static Result<Fd> make();
  /// Of either process. The descriptor may be closed after that.
  static Result<WorkerPage> map(int descriptor);
  ~WorkerPage();
  WorkerPage(WorkerPage&& other) noexcept;
  WorkerPage(const WorkerPage&) = delete;
  WorkerPage& operator=(const WorkerPage&) = delete;

  void write(const RunsNow& now);
  /// One of the last that were written. Of a process that writes without end, or died while it did: nothing.
  RunsNow read() const;

 private:
  static constexpr std::size_t k_name_words = 16;
  /// Odd while it is being written. Words, so that a read that comes at the wrong moment is no race.
  struct Layout {
    std::atomic<std::uint64_t> version;
    std::atomic<std::uint64_t> is_retriable;
    std::atomic<std::uint64_t> since;
    std::array<std::atomic<std::uint64_t>, k_name_words> name;
  };
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

  explicit WorkerPage(Layout* page) : page_(page) {}

  Layout* page_;
};

}  // namespace shoal::shell
