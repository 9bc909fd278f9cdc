// Our side of the benchmark lines of tasks: a session in this process, through the public API only. Prints one JSON line.
#include <shoal/shoal.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <semaphore>
#include <string>
#include <utility>
#include <vector>

#include "measure.h"

namespace {

using bench::Clock;
using bench::Measured;
using bench::seconds_since;
using shoal::Ref;

double add(int a, double b) { return a + b; }

std::int64_t run_bulk(std::int64_t tasks) {
  std::vector<Ref<double>> refs;
  refs.reserve(static_cast<std::size_t>(tasks));
  for (std::int64_t i = 0; i < tasks; ++i) refs.push_back(shoal::submit(add, static_cast<int>(i), 2.0));
  double total = 0;
  for (const Ref<double>& ref : refs) total += shoal::get(ref);
  if (total != static_cast<double>(tasks) * (static_cast<double>(tasks) - 1) / 2 + 2.0 * static_cast<double>(tasks)) {
    std::fprintf(stderr, "the results are wrong\n");
    std::exit(1);
  }
  return tasks;
}

/// Tasks a second when so many are submitted before the first result is asked for; from the first submission to the last
/// result, references let go of included.
Measured bulk(std::int64_t tasks) {
  run_bulk(std::min<std::int64_t>(tasks, 100'000));  // pages and threads are there
  const std::int64_t rounds = std::max<std::int64_t>(1, 400'000 / tasks);
  const auto start = Clock::now();
  for (std::int64_t i = 0; i < rounds; ++i) run_bulk(tasks);
  return {static_cast<double>(rounds * tasks) / seconds_since(start), rounds * tasks};
}

/// Microseconds for submit and get, one by one.
Measured sync(std::int64_t tasks) {
  run_bulk(1000);
  const auto start = Clock::now();
  for (std::int64_t i = 0; i < tasks; ++i) shoal::get(shoal::submit(add, static_cast<int>(i), 2.0));
  return {seconds_since(start) / static_cast<double>(tasks) * 1e6, tasks};
}

/// Seconds for one task with so many references as arguments, results of tasks that have ended.
Measured wide(std::int64_t count) {
  std::vector<Ref<double>> refs;
  for (std::int64_t i = 0; i < count; ++i) refs.push_back(shoal::submit(add, 1, 0.0));
  shoal::wait(refs, {.num_ready = refs.size()});
  const auto start = Clock::now();
  const auto sum = [](const std::vector<double>& values) {
    double total = 0;
    for (const double value : values) total += value;
    return total;
  };
  if (shoal::get(shoal::submit(sum, refs)) != static_cast<double>(count)) std::exit(1);
  return {seconds_since(start), 1};
}

/// Seconds for taking the results of so many tasks one by one with wait(), as they come.
Measured wait_each(std::int64_t count) {
  run_bulk(1000);
  std::vector<Ref<double>> pending;
  for (std::int64_t i = 0; i < count; ++i) pending.push_back(shoal::submit(add, 1, 0.0));
  const auto start = Clock::now();
  while (!pending.empty()) {
    auto [ready, rest] = shoal::wait(std::move(pending));
    pending = std::move(rest);
  }
  return {seconds_since(start), count};
}

std::int64_t resident_bytes() {
  std::int64_t pages = 0;
  std::ifstream file("/proc/self/statm");
  file >> pages >> pages;
  return pages * sysconf(_SC_PAGESIZE);
}

std::binary_semaphore gate(0);

/// Bytes for each task that waits for its turn, its reference included.
Measured queued_bytes(std::int64_t tasks) {
  std::vector<Ref<double>> refs;
  refs.reserve(static_cast<std::size_t>(tasks));
  const Ref<void> holder = shoal::submit({.num_cpus = 2}, [] { gate.acquire(); });
  const std::int64_t before = resident_bytes();
  for (std::int64_t i = 0; i < tasks; ++i) refs.push_back(shoal::submit({.num_cpus = 2}, add, 1, 0.0));
  const std::int64_t after = resident_bytes();
  gate.release();
  shoal::wait(refs, {.num_ready = refs.size()});
  return {static_cast<double>(after - before) / static_cast<double>(tasks), tasks};
}

const std::map<std::string, std::function<Measured(std::int64_t)>> k_lines = {
    {"bulk", bulk}, {"sync", sync}, {"wide", wide}, {"wait", wait_each}, {"queued_bytes", queued_bytes}};

}  // namespace

int main(int argc, char** argv) {
  const auto* const line = bench::find_line(k_lines, "bench_tasks", argc == 3 ? argv[1] : "");
  if (line == nullptr) return 2;
  const shoal::Session session(argc, argv, {.num_cpus = 2});
  bench::print((*line)(std::atoll(argv[2])));
}
