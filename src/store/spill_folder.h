#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "base/posix.h"

namespace shoal::store {

/// A folder for files of this process alone below one that a user names: 0700, with a random name and a lock that says
/// who it belongs to. It is removed with all files in it at the end of its life; or, if the process was killed, by the
/// next one that makes a folder at the same place, or ends.
class SpillFolder {
 public:
  /// Makes `parent` if it is missing, and removes what processes left there that are gone. Errors: permission_denied, io,
  /// no_space.
  static Result<SpillFolder> make(const std::string& parent);
  ~SpillFolder();
  SpillFolder(SpillFolder&&) noexcept = default;
  SpillFolder& operator=(SpillFolder&&) = delete;

  const std::string& path() const { return path_; }
  /// A new file with a random name, 0600, to read and to write; its name is put into `name`. Errors: no_space, io.
  Result<Fd> create(std::string& name) const;
  void remove(const std::string& name) const;
  /// Bytes that this user may still write there; 0 where the system does not say.
  std::uint64_t free_bytes() const;

 private:
  SpillFolder(Fd parent, Fd folder, Fd lock, std::string name, std::string path);

  Fd parent_, folder_, lock_;
  std::string name_, path_;
};

/// How an operation at a path failed, as a status: no_space, permission_denied, not_found or io. `error` is an errno.
Status file_fault(int error, const std::string& what, const std::string& path);

}  // namespace shoal::store
