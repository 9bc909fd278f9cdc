#pragma once

#include <shoal/base/ids.h>

#include <cstdint>

namespace shoal::sim {

/// A seeded stream of random numbers that is the same on every machine (splitmix64).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() { return shoal::detail::mix(state_ += 0x9e3779b97f4a7c15ULL); }
  /// In [low, high].
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool chance(int percent) { return between(0, 99) < percent; }
  /// One of the choices.
  template <class T, std::size_t N>
  const T& pick(const T (&choices)[N]) {
    return choices[next() % N];
  }

 private:
  std::uint64_t state_;
};

}  // namespace shoal::sim
