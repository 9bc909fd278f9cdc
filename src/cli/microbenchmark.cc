#include <fmt/format.h>
#include <shoal/shoal.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "cli/verb.h"
#include "shell/machine.h"

namespace shoal::cli {
namespace {

constexpr Option k_options[] = {
    {"--seconds", "S", "that each figure is measured for; default 1"},
};

int same(int x) { return x; }

class Counter {
 public:
  int add(int n) { return value_ += n; }

 private:
  int value_ = 0;
};

constexpr int k_bulk = 10'000;

/// `step` does so many operations; how many a second it does, after one that warms up.
template <class Step>
double per_second(double seconds, int operations, Step&& step) {
  using Clock = std::chrono::steady_clock;
  step();
  const auto begin = Clock::now();
  double passed = 0;
  double count = 0;
  do {
    step();
    count += operations;
    passed = std::chrono::duration<double>(Clock::now() - begin).count();
  } while (passed < seconds);
  return count / passed;
}

double tasks_one_by_one(double seconds) {
  return per_second(seconds, 100, [] {
    for (int i = 0; i < 100; ++i) get(submit(same, i));
  });
}

double tasks_in_bulk(double seconds) {
  return per_second(seconds, k_bulk, [] {
    std::vector<Ref<int>> results;
    for (int i = 0; i < k_bulk; ++i) results.push_back(submit(same, i));
    get(results);
  });
}

double calls_one_by_one(double seconds) {
  const auto counter = spawn<Counter>();
  return per_second(seconds, 100, [&] {
    for (int i = 0; i < 100; ++i) get(counter.call(&Counter::add, 1));
  });
}

double calls_in_bulk(double seconds) {
  const auto counter = spawn<Counter>();
  return per_second(seconds, k_bulk, [&] {
    std::vector<Ref<int>> results;
    for (int i = 0; i < k_bulk; ++i) results.push_back(counter.call(&Counter::add, 1));
    get(results);
  });
}

const std::string& kibibyte() {
  static const std::string text(1024, 'x');
  return text;
}

double puts(double seconds) {
  return per_second(seconds, 1000, [] {
    for (int i = 0; i < 1000; ++i) put(kibibyte());
  });
}

double gets(double seconds) {
  const Ref<std::string> value = put(kibibyte());
  return per_second(seconds, 1000, [&] {
    for (int i = 0; i < 1000; ++i) get(value);
  });
}

/// The peer's figures are of Ray 2.60 on two virtual cores, from C++ and from Python; 0 = none. bench/ measures them anew.
struct Line {
  const char* name;
  double (*measure)(double seconds);
  double ray_cpp, ray_python;
};
constexpr std::array<Line, 6> k_lines = {{
    {"task_sync", tasks_one_by_one, 711, 612},
    {"task_async", tasks_in_bulk, 2'300, 1'993},
    {"actor_sync", calls_one_by_one, 2'213, 1'242},
    {"actor_async", calls_in_bulk, 9'196, 6'266},
    {"put", puts, 2'753, 1'679},
    {"get", gets, 0, 46'900},
}};

std::string figure(double value) { return value == 0 ? "-" : fmt::format("{:.0f}", value); }

Result<int> measure(const Arguments& arguments) {
  SHOAL_ASSIGN_OR_RETURN(const double seconds, arguments.number("--seconds", 1));
  SessionOptions options;
  options.processes = std::max(2, static_cast<int>(shell::read_machine().cpus));
  const Session session(options);
  fmt::print(
      "Operations a second, in {} worker processes; beside them Ray 2.60 as measured on two virtual cores,\n"
      "which is another machine than this: what counts is the order of magnitude.\n\n",
      options.processes);
  fmt::print("{:<12} {:>12} {:>12} {:>12}\n", "", "Shoal", "Ray C++", "Ray Python");
  for (const Line& line : k_lines) {
    fmt::print("{:<12} {:>12} {:>12} {:>12}\n", line.name, figure(line.measure(seconds)), figure(line.ray_cpp),
               figure(line.ray_python));
  }
  return k_done;
}

}  // namespace

constinit const Verb k_microbenchmark{"microbenchmark", "",
                                      "Measures tasks, calls of actors and values on this machine", k_options, measure};

}  // namespace shoal::cli
