#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <map>
#include <string>

#include "cli/clusters.h"
#include "cli/text.h"
#include "cli/verb.h"
#include "shell/crew.h"
#include "shell/joined.h"

namespace shoal::cli {
namespace {

constexpr Option k_options[] = {k_address, k_temp_dir};

std::string clock_time(std::int64_t nanoseconds) {
  return fmt::format("{:%F %T}", fmt::localtime(static_cast<std::time_t>(nanoseconds / 1'000'000'000)));
}

void print_amount(std::string_view name, std::int64_t total, std::int64_t available) {
  const auto number = [](std::int64_t n) { return static_cast<double>(n) / wire::k_one; };
  fmt::print("  {:<12} {:g} of {:g} used\n", name, number(total - available), number(total));
}

void print_resources(const wire::StatusIs& status) {
  fmt::print("Resources\n");
  print_amount("CPU", status.total.cpu, status.available.cpu);
  if (status.total.gpu > 0) print_amount("GPU", status.total.gpu, status.available.gpu);
  fmt::print("  {:<12} {} of {} promised to tasks\n", "memory", bytes(status.total.memory - status.available.memory),
             bytes(status.total.memory));
  for (const wire::CustomAmount& each : status.total.custom) {
    const auto left = std::find_if(status.available.custom.begin(), status.available.custom.end(),
                                   [&](const auto& other) { return other.name == each.name; });
    print_amount(printable(each.name), each.amount, left == status.available.custom.end() ? 0 : left->amount);
  }
}

void print_store(const wire::StoreInfo& store) {
  fmt::print("Object store: {} of {}, {} objects", bytes(store.memory_bytes), bytes(store.capacity_bytes),
             store.objects);
  if (store.spilled_bytes > 0) fmt::print(", {} on disk", bytes(store.spilled_bytes));
  if (store.waiting > 0) fmt::print("; {} requests wait for memory", store.waiting);
  fmt::print("\n");
}

void print_processes(const wire::StatusIs& status, std::int64_t now) {
  fmt::print("Programs: {}\n", status.drivers.size());
  for (const wire::DriverInfo& driver : status.drivers) {
    fmt::print("  {:<8} process {:<8} for {}, {}\n", to_string(driver.process), driver.pid,
               duration(now - driver.joined_at), printable(driver.program));
  }
  fmt::print("Workers: {}\n", status.workers.size());
  for (const wire::WorkerInfo& worker : status.workers) {
    fmt::print("  {:<8} process {:<8} of {}: {}\n", to_string(worker.process), worker.pid, to_string(worker.job),
               printable(worker.state));
  }
}

Result<int> print_status(const Arguments& arguments) {
  SHOAL_ASSIGN_OR_RETURN(const shell::RunningCluster cluster, find_cluster(arguments));
  SHOAL_ASSIGN_OR_RETURN(const wire::StatusIs status, shell::ask_status(cluster));
  const std::int64_t now = shell::nanoseconds_since_1970();
  fmt::print("Cluster in {} on {}, at {}\n  daemon process {}, since {} ({})\n", cluster.folder, printable(status.host),
             clock_time(now), status.pid, clock_time(status.started_at), duration(now - status.started_at));
  fmt::print("Nodes: 1\n");
  print_resources(status);
  print_store(status.store);
  print_processes(status, now);
  fmt::print("Waiting: {}\n", status.waiting.empty() ? "nothing" : std::to_string(status.waiting.size()));
  for (const std::string& each : status.waiting) fmt::print("  {}\n", printable(each));
  fmt::print("Recent failures: {}\n", status.failures.empty() ? "none" : std::to_string(status.failures.size()));
  for (const wire::FailureInfo& each : status.failures) {
    fmt::print("  {} {}\n", clock_time(each.at), printable(each.text));
  }
  return k_done;
}

}  // namespace

constinit const Verb k_status{"status", "", "Tells what the cluster has, what it does, and what waits and why",
                              k_options, print_status};

}  // namespace shoal::cli
