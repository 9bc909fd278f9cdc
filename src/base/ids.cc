#include <shoal/base/ids.h>

#include <fmt/format.h>

namespace shoal::inline v1 {

std::string to_string(ProcessId id) {
  if (id == k_control) return "control";
  return id.n == 0 ? fmt::format("n{}", id.node) : fmt::format("n{}.{}", id.node, id.n);
}
std::string to_string(TaskId id) { return fmt::format("{}/t{}", to_string(id.owner), id.n); }
std::string to_string(ObjectId id) {
  return id.index == 0 ? fmt::format("{}/o{}", to_string(id.owner), id.n)
                       : fmt::format("{}/o{}.{}", to_string(id.owner), id.n, id.index);
}
std::string to_string(ActorId id) { return fmt::format("{}/a{}", to_string(id.owner), id.n); }

}  // namespace shoal::inline v1
