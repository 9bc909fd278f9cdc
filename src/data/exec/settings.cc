#include "data/exec/settings.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

#include "api/at_home.h"
#include "api/capacity.h"
#include "base/thread_safety.h"

namespace shoal::data {
namespace {

constexpr std::int64_t k_block_bytes_max = 128_MiB;
constexpr std::int64_t k_memory_budget_min = 1_MiB;
/// Every slot holds an input and an output block, and as much again waits between operators.
constexpr int k_blocks_per_slot = 4;
/// Source blocks for each CPU where nobody said how many: enough that the last ones even out.
constexpr int k_blocks_per_cpu = 4;

struct ProcessDefaults {
  Mutex mutex;
  RunOptions options GUARDED_BY(mutex);
};

ProcessDefaults& process_defaults() {
  static ProcessDefaults defaults;
  return defaults;
}

Status wrong(const std::string& option, const std::string& rule) {
  return Status(ErrorCode::invalid_argument, "RunOptions." + option + " " + rule);
}

Result<Verbosity> verbosity_of_environment() {
  const char* text = std::getenv("SHOAL_VERBOSITY");
  const std::string_view name = text == nullptr ? "" : text;
  if (name.empty() || name == "normal") return Verbosity::normal;
  if (name == "quiet") return Verbosity::quiet;
  if (name == "verbose") return Verbosity::verbose;
  return Status(ErrorCode::invalid_argument,
                "SHOAL_VERBOSITY must be quiet, normal or verbose, but is \"" + std::string(name) + "\"");
}

/// A program that runs with processes and without needs no other environment: it says nothing where there are none.
Result<Isolation> isolation_of_environment(bool has_processes) {
  const char* text = std::getenv("SHOAL_ISOLATION");
  const std::string_view name = text == nullptr ? "" : text;
  if (name.empty() || name == "threads") return Isolation::threads;
  if (name == "processes") return has_processes ? Isolation::processes : Isolation::threads;
  return Status(ErrorCode::invalid_argument,
                "SHOAL_ISOLATION must be threads or processes, but is \"" + std::string(name) + "\"");
}

std::string default_spill_dir() {
  const char* folder = std::getenv("TMPDIR");
  return folder == nullptr || *folder == '\0' ? "/tmp" : folder;
}

Status resolve_resources(const RunOptions& options, RunSettings& settings) {
  settings.num_cpus = options.num_cpus ? options.num_cpus->value : default_capacity().cpus;
  if (!(settings.num_cpus > 0)) return wrong("num_cpus", "must be above zero");
  settings.num_gpus = options.num_gpus.value_or(Number(0)).value;
  if (!(settings.num_gpus >= 0)) return wrong("num_gpus", "must not be negative");

  settings.memory_budget = options.memory_budget ? *options.memory_budget
                                                 : std::max(default_capacity().memory / 4, k_memory_budget_min);
  if (settings.memory_budget < k_memory_budget_min) {
    return wrong("memory_budget",
                 "must be at least 1 MiB, but is " + std::to_string(settings.memory_budget) + " bytes");
  }
  const auto slots = static_cast<std::int64_t>(std::ceil(settings.num_cpus));
  const std::int64_t block_max = std::min(
      k_block_bytes_max, std::max<std::int64_t>(1, settings.memory_budget / (k_blocks_per_slot * slots)));
  const std::int64_t block = options.block_size.value_or(block_max);
  if (block <= 0) return wrong("block_size", "must be above zero");
  settings.block_bytes = std::min(block, block_max);

  settings.parallelism = options.parallelism.value_or(
      static_cast<int>(std::min<std::int64_t>(slots * k_blocks_per_cpu, 1 << 16)));
  if (settings.parallelism <= 0) return wrong("parallelism", "must be above zero");
  return {};
}

}  // namespace

void v1::set_default_run_options(RunOptions options) {
  ProcessDefaults& defaults = process_defaults();
  const Lock lock(defaults.mutex);
  defaults.options = std::move(options);
}

RunOptions v1::default_run_options() {
  ProcessDefaults& defaults = process_defaults();
  const Lock lock(defaults.mutex);
  return defaults.options;
}

RunOptions overlay(RunOptions base, const RunOptions& over) {
  const auto put = [](auto& target, const auto& value) {
    if (value) target = value;
  };
  const auto put_text = [](std::string& target, const std::string& value) {
    if (!value.empty()) target = value;
  };
  put(base.num_cpus, over.num_cpus);
  put(base.num_gpus, over.num_gpus);
  put(base.memory_budget, over.memory_budget);
  put(base.block_size, over.block_size);
  put(base.parallelism, over.parallelism);
  put(base.preserve_order, over.preserve_order);
  put(base.isolation, over.isolation);
  put(base.fuse, over.fuse);
  put(base.verbosity, over.verbosity);
  put(base.progress, over.progress);
  put_text(base.trace_path, over.trace_path);
  put_text(base.spill_dir, over.spill_dir);
  put_text(base.name, over.name);
  return base;
}

Result<RunSettings> resolve(const RunOptions& chosen) {
  const RunOptions options = overlay(default_run_options(), chosen);
  RunSettings settings;
  SHOAL_RETURN_IF_ERROR(resolve_resources(options, settings));
  settings.has_processes = home_with_worker_processes() != nullptr;
  if (options.isolation) {
    settings.isolation = *options.isolation;
  } else {
    SHOAL_ASSIGN_OR_RETURN(settings.isolation, isolation_of_environment(settings.has_processes));
  }
  settings.preserve_order = options.preserve_order.value_or(true);
  settings.fuse = options.fuse.value_or(true);
  if (options.verbosity) {
    settings.verbosity = *options.verbosity;
  } else {
    SHOAL_ASSIGN_OR_RETURN(settings.verbosity, verbosity_of_environment());
  }
  const bool wanted = settings.verbosity == Verbosity::verbose ||
                      (settings.verbosity == Verbosity::normal && isatty(STDERR_FILENO) == 1);
  settings.progress = options.progress.value_or(wanted);
  settings.trace_path = options.trace_path;
  settings.spill_dir = options.spill_dir;
  if (settings.spill_dir.empty()) settings.spill_dir = default_spill_dir();
  settings.name = options.name;
  return settings;
}

}  // namespace shoal::data
