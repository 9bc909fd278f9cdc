#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "base/status.h"
#include "shell/cluster_folder.h"
#include "shell/member.h"
#include "wire/status.h"

namespace shoal::shell {

/// How long a daemon may take to answer: one that is stopped by a debugger, or a machine that is very busy.
inline constexpr std::chrono::seconds k_daemon_answer_max{10};

/// A program's part in a cluster that a daemon runs: a driver, whose workers the daemon starts from this program. When it
/// ends, all that it had ends with it, and the daemon stays.
class Joined {
 public:
  /// Errors: those of net::connect(), wait_for_welcome() and read_token(), with the folder's name.
  static Result<std::unique_ptr<Joined>> join(const RunningCluster& cluster);

  /// When the daemon ends, what waits here gets an error that says so.
  OwnerStation& driver() { return member_.station(); }

 private:
  Joined(const RunningCluster& cluster, const wire::Welcome& welcome, const net::Token& token, Member::Way way);

  Member member_;
};

/// What a daemon says of itself, and of so many objects in its store. Errors: as of Joined::join().
Result<wire::StatusIs> ask_status(const RunningCluster& cluster, std::uint32_t objects_max = 0);

}  // namespace shoal::shell
