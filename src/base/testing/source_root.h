#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace shoal {

/// The clone that the running test program was built in: the nearest folder above it that holds CMakePresets.json.
/// Found at run time, so that no object file holds the clone's path and a second clone can take it from the cache.
inline std::string source_root() {
  for (std::filesystem::path folder = std::filesystem::read_symlink("/proc/self/exe"); folder.has_relative_path();) {
    folder = folder.parent_path();
    if (std::filesystem::exists(folder / "CMakePresets.json")) return folder;
  }
  throw std::runtime_error("this test runs outside of a clone");
}

}  // namespace shoal
