#pragma once

#include <chrono>

namespace shoal::data {

using HttpClock = std::chrono::steady_clock;

}  // namespace shoal::data
