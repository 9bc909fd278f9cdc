#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/clusters.h"
#include "cli/text.h"
#include "cli/verb.h"
#include "shell/joined.h"

namespace shoal::cli {
namespace {

constexpr Option k_options[] = {
    {"--objects", "N", "how many objects to list, the largest first; default 20"}, k_address, k_temp_dir};

std::string names(const std::vector<ProcessId>& processes) {
  std::string text;
  for (const ProcessId each : processes) text += (text.empty() ? "" : ", ") + to_string(each);
  return text.empty() ? "nobody" : text;
}

Result<int> print_memory(const Arguments& arguments) {
  SHOAL_ASSIGN_OR_RETURN(const double objects, arguments.number("--objects", 20));
  SHOAL_ASSIGN_OR_RETURN(const shell::RunningCluster cluster, find_cluster(arguments));
  const auto wanted = static_cast<std::uint32_t>(std::min(objects, 1e9));
  SHOAL_ASSIGN_OR_RETURN(const wire::StatusIs status, shell::ask_status(cluster, wanted));
  const wire::StoreInfo& store = status.store;
  fmt::print("Object store of {}: {} of {} in memory, {} on disk, {} objects\n", printable(status.host),
             bytes(store.memory_bytes), bytes(store.capacity_bytes), bytes(store.spilled_bytes), store.objects);
  if (store.waiting > 0) fmt::print("{} requests wait for memory\n", store.waiting);
  if (status.objects.empty()) return k_done;
  fmt::print("{:<16} {:<10} {:>12}  {:<24} {}\n", "OBJECT", "OWNER", "SIZE", "PLACE", "READ BY");
  for (const wire::ObjectInfo& each : status.objects) {
    fmt::print("{:<16} {:<10} {:>12}  {:<24} {}\n", to_string(each.object), to_string(each.object.owner),
               bytes(each.bytes), printable(each.place), names(each.pinned_by));
  }
  if (status.objects.size() < store.objects) {
    fmt::print("and {} more (--objects N lists N)\n", store.objects - status.objects.size());
  }
  return k_done;
}

}  // namespace

constinit const Verb k_memory{"memory", "", "Lists what lies in the object store: owner, size, place, and who reads it",
                              k_options, print_memory};

}  // namespace shoal::cli
