#pragma once

#include <sched.h>
#include <sys/mount.h>

#include <cstdio>
#include <string>

namespace shoal::testing {

/// Mounts a disk of so many MiB at `folder`, which this process alone sees and which is gone when it ends: for a Child. Where
/// that is not permitted it says so on its standard output and is false.
inline bool mount_small_disk(const std::string& folder, int mib) {
  const std::string size = "size=" + std::to_string(mib) + "m";
  if (unshare(CLONE_NEWNS) == 0 && mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
      mount("tmpfs", folder.c_str(), "tmpfs", 0, size.c_str()) == 0) {
    return true;
  }
  std::puts("not permitted");
  std::fflush(stdout);
  return false;
}

}  // namespace shoal::testing
