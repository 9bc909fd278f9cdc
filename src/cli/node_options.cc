#include "cli/node_options.h"

#include <charconv>
#include <cmath>
#include <filesystem>
#include <string>

#include "cli/text.h"
#include "shell/machine.h"

namespace shoal::cli {
namespace {

/// So much fits into an amount.
constexpr double k_most = 1e12;

Result<std::int64_t> amount(std::string_view name, double number) {
  const double exact = number * static_cast<double>(wire::k_one);
  if (number > k_most || std::abs(exact - std::round(exact)) > 1e-6) {
    return Status(ErrorCode::invalid_argument,
                  std::string(name) + ": an amount is a number up to 1e12 with at most four digits behind the point");
  }
  return static_cast<std::int64_t>(std::llround(exact));
}

Result<std::int64_t> amount_of(const Arguments& arguments, std::string_view name, double otherwise) {
  SHOAL_ASSIGN_OR_RETURN(const double number, arguments.number(name, otherwise));
  return amount(name, number);
}

Result<std::vector<wire::CustomAmount>> custom(const Arguments& arguments) {
  std::vector<wire::CustomAmount> amounts;
  if (!arguments.has("--resources")) return amounts;
  SHOAL_ASSIGN_OR_RETURN(const auto members, parse_object(arguments.text("--resources")));
  for (const auto& [name, value] : members) {
    double number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || number <= 0) {
      return Status(ErrorCode::invalid_argument,
                    "--resources: " + name + " is \"" + value + "\"; it is a number above 0");
    }
    SHOAL_ASSIGN_OR_RETURN(const std::int64_t exact, amount("--resources", number));
    amounts.push_back({name, exact});
  }
  return amounts;
}

}  // namespace

Result<shell::Daemon::Options> node_options(const Arguments& arguments) {
  const shell::Machine machine = shell::read_machine();
  shell::Daemon::Options options;
  SHOAL_ASSIGN_OR_RETURN(options.total.cpu, amount_of(arguments, "--num-cpus", machine.cpus));
  SHOAL_ASSIGN_OR_RETURN(options.total.gpu, amount_of(arguments, "--num-gpus", 0));
  if (options.total.gpu % wire::k_one != 0) {
    return Status(ErrorCode::invalid_argument, "--num-gpus: a machine has whole GPUs; tasks may ask for parts of one");
  }
  SHOAL_ASSIGN_OR_RETURN(const double memory, arguments.number("--memory", static_cast<double>(machine.memory)));
  if (memory > 1e18) return Status(ErrorCode::invalid_argument, "--memory: no machine has so much");
  options.total.memory = static_cast<std::int64_t>(memory);
  SHOAL_ASSIGN_OR_RETURN(options.total.custom, custom(arguments));
  if (arguments.has("--labels")) { SHOAL_ASSIGN_OR_RETURN(options.labels, parse_object(arguments.text("--labels"))); }
  options.host = shell::host_name();
  SHOAL_ASSIGN_OR_RETURN(const double store, arguments.number("--object-store-memory", 0));
  if (store > static_cast<double>(machine.memory)) {
    return Status(ErrorCode::invalid_argument,
                  "--object-store-memory: the machine has " + bytes(machine.memory) + ", which this is more than");
  }
  options.store.capacity_bytes = store > 0 ? static_cast<std::uint64_t>(store) : shell::default_store_bytes();
  if (arguments.has("--spill-dir")) {
    options.store.spill_folder = std::filesystem::absolute(arguments.text("--spill-dir")).string();
  }
  return options;
}

}  // namespace shoal::cli
