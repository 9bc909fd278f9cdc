#include "api/demand.h"

#include <fmt/format.h>
#include <shoal/base/error.h>

#include <cmath>

namespace shoal {
namespace {

constexpr double k_amount_max = 1e9;
constexpr std::uint64_t k_memory_max = std::uint64_t{1} << 50;

std::int64_t to_amount(const std::string& whose, const std::string& what, double amount) {
  const double counted = std::round(amount * wire::k_one);
  if (!(amount >= 0) || amount > k_amount_max || (amount > 0 && counted == 0)) {
    throw InvalidArgument(
        ErrorCode::invalid_argument,
        fmt::format("{}: {} = {} is no amount; it is 0, or from 0.0001 to {:g}", whose, what, amount, k_amount_max));
  }
  return static_cast<std::int64_t>(counted);
}

}  // namespace

wire::Resources to_resources(const std::string& whose, const Demand& demand) {
  wire::Resources resources;
  resources.cpu = to_amount(whose, "num_cpus", demand.num_cpus);
  resources.gpu = to_amount(whose, "num_gpus", demand.num_gpus);
  if (resources.gpu > wire::k_one && resources.gpu % wire::k_one != 0) {
    throw InvalidArgument(ErrorCode::invalid_argument,
                          fmt::format("{}: num_gpus = {} is neither a fraction of one GPU nor a whole number of them",
                                      whose, demand.num_gpus));
  }
  if (demand.memory > k_memory_max) {
    throw InvalidArgument(ErrorCode::invalid_argument,
                          fmt::format("{}: memory = {} bytes is more than {}", whose, demand.memory, k_memory_max));
  }
  resources.memory = static_cast<std::int64_t>(demand.memory);
  for (const auto& [name, amount] : demand.resources) {  // sorted by name
    if (name.empty() || name == "CPU" || name == "GPU" || name == "memory") {
      throw InvalidArgument(
          ErrorCode::invalid_argument,
          fmt::format("{}: resources has \"{}\", which is no name of its own; CPUs, GPUs and memory have options",
                      whose, name));
    }
    if (const std::int64_t counted = to_amount(whose, "resources." + name, amount); counted > 0) {
      resources.custom.push_back({name, counted});
    }
  }
  return resources;
}

std::map<std::string, double> to_map(const wire::Resources& resources) {
  std::map<std::string, double> amounts;
  const auto add = [&](const std::string& name, double amount) {
    if (amount != 0) amounts[name] = amount;
  };
  add("CPU", static_cast<double>(resources.cpu) / wire::k_one);
  add("GPU", static_cast<double>(resources.gpu) / wire::k_one);
  add("memory", static_cast<double>(resources.memory));
  for (const wire::CustomAmount& custom : resources.custom) {
    add(custom.name, static_cast<double>(custom.amount) / wire::k_one);
  }
  return amounts;
}

}  // namespace shoal
