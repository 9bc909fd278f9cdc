#pragma once

#include <filesystem>
#include <string>

namespace shoal::shell {

/// The group of this process in the hierarchy that counts memory. A machine may have both versions; only one counts it.
struct OwnGroup {
  int version = 0;  ///< 0: none.
  std::string name{};
};

/// `root`: where the system's files are, in tests elsewhere than at "/".
OwnGroup own_group(const std::filesystem::path& root);

/// Whether `wanted` is among `words`.
bool has_word(const std::string& words, const std::string& wanted, char between);

}  // namespace shoal::shell
