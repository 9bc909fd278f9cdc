#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "wire/resources.h"

namespace shoal {

/// Amounts as programs give them.
struct Demand {
  double num_cpus = 0;
  double num_gpus = 0;
  std::uint64_t memory = 0;
  std::map<std::string, double> resources{};
};
/// Throws InvalidArgument where one is no amount; `whose` is named.
wire::Resources to_resources(const std::string& whose, const Demand& demand);
/// "CPU", "GPU", "memory" and the others, without those of 0.
std::map<std::string, double> to_map(const wire::Resources& resources);

}  // namespace shoal
