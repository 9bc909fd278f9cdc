#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/posix.h"
#include "base/status.h"
#include "net/token.h"

/// Where the processes of one user find a daemon of their machine: a folder <temp>/shoal-<uid>/<name> of mode 0700, with
///
///     socket   where it listens
///     token    64 digits, mode 0600
///     pid      its process's number and start time; locked while it lives
///     log      what it and workers without an output of their own write
namespace shoal::shell {

inline constexpr const char* k_default_cluster = "default";

/// `temp`, else SHOAL_TEMP_DIR, else /tmp; and in it the folder of this user.
std::string user_folder(const std::string& temp = {});

/// A daemon that runs.
struct RunningCluster {
  std::string folder;
  pid_t pid = -1;
  std::uint64_t start_time = 0;

  std::string socket() const { return folder + "/socket"; }
  std::string log() const { return folder + "/log"; }
};

/// In the order of their names; none where there is no folder. Errors: permission_denied where the folder is not this user's
/// alone.
Result<std::vector<RunningCluster>> running_clusters(const std::string& user_folder);
/// Folders there without a daemon: one that was killed leaves its own.
Result<std::vector<std::string>> stale_folders(const std::string& user_folder);

/// `address`: a cluster's folder, or "auto" for the one that runs in `user_folder`. Errors: not_found where none runs there,
/// invalid_argument where "auto" could be several, permission_denied where the folder is not this user's alone.
Result<RunningCluster> find_cluster(const std::string& address, const std::string& user_folder);

/// Errors: permission_denied where others may read it, not_found.
Result<net::Token> read_token(const std::string& folder);

/// Takes away what a daemon that is gone has left. Nothing where one runs there, or starts.
void remove_stale(const std::string& folder);

/// The folder of this process's own cluster, from its start to its end. What a daemon that is gone left in it is replaced.
class ClusterFolder {
 public:
  /// Errors: already_exists where a daemon runs there, or starts, invalid_argument for a name that is none, and those of
  /// net::open_own_folder().
  static Result<ClusterFolder> take(const std::string& user_folder, const std::string& name);
  ClusterFolder(ClusterFolder&&) = default;
  ClusterFolder& operator=(ClusterFolder&&) = delete;
  /// Removes it with all that is in it.
  ~ClusterFolder();

  const std::string& path() const { return path_; }
  std::string socket() const { return path_ + "/socket"; }
  std::string log() const { return path_ + "/log"; }
  Status write_token(const net::Token& token) const;
  /// From now on others find it.
  Status open() const;

 private:
  ClusterFolder(std::string path, Fd lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  Fd lock_;
};

}  // namespace shoal::shell
