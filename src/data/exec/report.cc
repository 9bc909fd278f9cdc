#include "data/exec/report.h"

namespace shoal::data {

std::string_view to_string(WaitReason reason) {
  switch (reason) {
    case WaitReason::none: return "none";
    case WaitReason::input: return "input";
    case WaitReason::output_budget: return "output budget";
    case WaitReason::memory: return "memory";
    case WaitReason::slot: return "slot";
    case WaitReason::consumer: return "consumer";
  }
  return "unknown";
}

}  // namespace shoal::data
