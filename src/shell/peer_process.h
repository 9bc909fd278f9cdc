#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/posix.h"
#include "base/status.h"

namespace shoal::shell {

/// Another process of this machine, which this one did not start.
struct PeerProcess {
  pid_t pid = -1;
  Fd process;  ///< Refers to it, also when its number is used again; readable once it has ended.

  bool has_ended() const;
};

/// Who is at the other end of a Unix socket, as the system says. Errors: unavailable where it is gone, or out of sight, as in
/// another container.
Result<PeerProcess> peer_of(int socket);

/// When the process with that number began, in ticks since the machine did: the two together name one process. None where
/// there is no such process, or it has ended and nobody took it away yet.
std::optional<std::uint64_t> start_time_of(pid_t pid);

/// The process with that number and start time. None where it is gone.
std::optional<PeerProcess> find_process(pid_t pid, std::uint64_t start_time);

/// Opens what stands below /proc of the process: "exe", "cwd". Errors: unavailable where it is gone, and those of
/// errno_status().
Result<Fd> open_of(const PeerProcess& process, const std::string& what, int flags);

/// Its standard output or error, to write to as well: a terminal, a pipe, or a file to which both append. None where it is
/// something else: two that open a file anew overwrite each other.
Fd output_of(const PeerProcess& process, int descriptor);

}  // namespace shoal::shell
