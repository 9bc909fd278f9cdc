#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/thread_safety.h"
#include "data/exec/report.h"
#include "data/exec/run.h"

namespace shoal::data {

/// Fragments a trace keeps; later ones are counted and left out.
inline constexpr std::size_t k_trace_fragments_max = 1'000'000;

/// Collects what a Chrome trace shows: every fragment as a bar, one process per operator, as many lanes as ran at once.
/// Opens in Perfetto and chrome://tracing. add() may be called from any thread.
class Trace {
 public:
  void add(const FragmentTrace& fragment);
  /// The trace as JSON. The report names the operators.
  std::string to_json(const RunReport& report) const;
  /// Writes it; the file appears whole or not at all. Errors name the path.
  Status write(const std::string& path, const RunReport& report) const;

 private:
  mutable Mutex mutex_;
  std::vector<FragmentTrace> fragments_ GUARDED_BY(mutex_);
  std::int64_t left_out_ GUARDED_BY(mutex_) = 0;
};

}  // namespace shoal::data
