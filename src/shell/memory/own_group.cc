#include "shell/memory/own_group.h"

#include <fstream>
#include <sstream>

namespace shoal::shell {

bool has_word(const std::string& words, const std::string& wanted, char between) {
  std::istringstream all(words);
  for (std::string each; std::getline(all, each, between);) {
    if (each == wanted) return true;
  }
  return false;
}

OwnGroup own_group(const std::filesystem::path& root) {
  OwnGroup own;
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "0::/a/b" or "4:cpu,memory:/a/b"
    const auto first = line.find(':');
    const auto second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string kinds = line.substr(first + 1, second - first - 1);
    if (has_word(kinds, "memory", ',')) return {1, line.substr(second + 1)};
    if (kinds.empty()) own = {2, line.substr(second + 1)};
  }
  return own;
}

}  // namespace shoal::shell
