#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "wire/message.h"

namespace shoal::sim::cluster {

/// The CPUs that a daemon gave away, counted a second time from what it hears and says: whenever it grants some, all that
/// it granted and that is not lent fits into what the machine has.
class GrantedCpus {
 public:
  explicit GrantedCpus(std::int64_t total) : total_(total) {}

  void heard(ProcessId from, const wire::Message& message);
  void said(const wire::Envelope& envelope);
  /// What it had is free now.
  void died(ProcessId worker) { by_worker_.erase(worker); }
  /// Empty = it never gave too much.
  const std::string& fault() const { return fault_; }

 private:
  struct Grant {
    std::int64_t cpu = 0;
    ProcessId holder;
    std::uint64_t lease = 0;  // 0 = of an actor
    bool lent = false;
  };
  void granted(ProcessId worker, const Grant& grant);

  const std::int64_t total_;
  std::map<std::pair<ProcessId, std::uint32_t>, std::int64_t> wanted_;  // by owner and kind: the CPUs of one
  std::map<ProcessId, Grant> by_worker_;
  std::string fault_;
};

}  // namespace shoal::sim::cluster
