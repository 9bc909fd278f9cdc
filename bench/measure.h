// What the benchmark programs have in common: the clock, and the one line of JSON that bench/run.py reads.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>

namespace bench {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Operations, and what the line says of them.
struct Measured {
  double value = 0;
  std::int64_t ops = 0;
};

/// Of this process and of those that it started and waited for.
inline double cpu_us() {
  double sum = 0;
  for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage used{};
    getrusage(who, &used);
    sum += 1e6 * static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
  }
  return sum;
}

/// The last act of a program.
inline void print(const Measured& measured) {
  std::printf("{\"value\": %.6f, \"ops\": %lld, \"cpu_us_per_op\": %.3f}\n", measured.value,
              static_cast<long long>(measured.ops), cpu_us() / static_cast<double>(measured.ops));
}

/// The line of that name; else says on the terminal which there are, and gives null.
template <class Line>
const Line* find_line(const std::map<std::string, Line>& lines, const char* program, const std::string& name) {
  const auto found = lines.find(name);
  if (found != lines.end()) return &found->second;
  std::fprintf(stderr, "usage: %s LINE ARGUMENT..., LINE one of", program);
  for (const auto& [each, run] : lines) std::fprintf(stderr, " %s", each.c_str());
  std::fprintf(stderr, "\n");
  return nullptr;
}

}  // namespace bench
