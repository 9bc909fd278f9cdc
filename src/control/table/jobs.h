#pragma once

#include <shoal/base/ids.h>

#include <map>
#include <string>

namespace shoal::control {

/// The drivers that run, each with its job's name. A driver is no child of its node's daemon, and outlives it. Changes by
/// Truth::apply() alone.
class Jobs {
 public:
  bool is_driver(ProcessId process) const { return drivers_.contains(process); }
  const std::map<ProcessId, std::string>& all() const { return drivers_; }

  void begin(ProcessId driver, std::string name) { drivers_[driver] = std::move(name); }
  void end(ProcessId driver) { drivers_.erase(driver); }

  friend bool operator==(const Jobs&, const Jobs&) = default;

 private:
  std::map<ProcessId, std::string> drivers_;
};

}  // namespace shoal::control
