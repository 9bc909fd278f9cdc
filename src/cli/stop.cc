#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "base/posix.h"
#include "cli/clusters.h"
#include "cli/verb.h"
#include "shell/peer_process.h"

namespace shoal::cli {
namespace {

constexpr Option k_options[] = {
    k_address,
    k_temp_dir,
    {"--force", "", "kills its processes at once; also where it does not answer"},
};

/// A daemon that is told to end waits two seconds for what runs.
constexpr int k_patience_ms = 20'000;

Status signal_and_wait(const shell::PeerProcess& daemon, int signal) {
  if (::syscall(SYS_pidfd_send_signal, daemon.process.get(), signal, nullptr, 0) != 0 && errno != ESRCH) {
    return errno_status(errno, "stop", "process " + std::to_string(daemon.pid));
  }
  pollfd end{.fd = daemon.process.get(), .events = POLLIN, .revents = 0};
  if (::poll(&end, 1, k_patience_ms) > 0) return {};
  return Status(ErrorCode::timeout, fmt::format("daemon process {} has not ended in {} s; shoal stop --force kills it",
                                                daemon.pid, k_patience_ms / 1000));
}

/// What killed daemons left.
Result<int> remove_stale(const std::string& user_folder, const Status& none_runs) {
  SHOAL_ASSIGN_OR_RETURN(const std::vector<std::string> stale, shell::stale_folders(user_folder));
  if (stale.empty()) return none_runs;
  for (const std::string& folder : stale) {
    shell::remove_stale(folder);
    fmt::print("No cluster ran in {}; removed what one that was killed had left.\n", folder);
  }
  return k_done;
}

Result<int> stop(const Arguments& arguments) {
  const Result<shell::RunningCluster> cluster = find_cluster(arguments);
  if (cluster.status().code() == ErrorCode::not_found) return remove_stale(user_folder(arguments), cluster.status());
  SHOAL_RETURN_IF_ERROR(cluster.status());
  const std::optional<shell::PeerProcess> daemon = shell::find_process(cluster->pid, cluster->start_time);
  const bool is_forced = arguments.has("--force");
  // Its workers are killed with it.
  if (daemon) SHOAL_RETURN_IF_ERROR(signal_and_wait(*daemon, is_forced ? SIGKILL : SIGTERM));
  shell::remove_stale(cluster->folder);
  fmt::print("The cluster in {} is stopped{}.\n", cluster->folder, is_forced ? ", by force" : "");
  return k_done;
}

}  // namespace

constinit const Verb k_stop{"stop", "", "Stops the cluster that runs, and the tasks in it", k_options, stop};

}  // namespace shoal::cli
