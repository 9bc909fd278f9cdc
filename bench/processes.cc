// Our side of the benchmark lines of tasks and actors in worker processes, through the public API only. Prints one JSON
// line. Where it matters the program and its one worker are pinned, each to a core of its own, or both to one.
#include <sched.h>
#include <shoal/shoal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "measure.h"

namespace {

using bench::Clock;
using bench::Measured;
using bench::seconds_since;
using shoal::Ref;

int same(int x) { return x; }

struct Adder {
  int total = 0;
  int add(int x) { return total += x; }
};

void check(bool is_right) {
  if (is_right) return;
  std::fprintf(stderr, "bench_processes: a result is wrong\n");
  std::exit(1);
}

void pin(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  sched_setaffinity(0, sizeof cores, &cores);
}

template <class F>
double rate(std::int64_t ops, F&& run) {
  const auto start = Clock::now();
  run();
  return static_cast<double>(ops) / seconds_since(start);
}

void submit_and_get(std::int64_t tasks) {
  std::vector<Ref<int>> refs;
  refs.reserve(static_cast<std::size_t>(tasks));
  for (std::int64_t i = 0; i < tasks; ++i) refs.push_back(shoal::submit(same, static_cast<int>(i)));
  for (std::int64_t i = 0; i < tasks; ++i) check(shoal::get(refs[static_cast<std::size_t>(i)]) == static_cast<int>(i));
}

/// The threads of a process that are made later inherit it; the worker's that read and run exist.
Measured task_sync(std::int64_t tasks) {
  submit_and_get(1000);
  const double rounds = rate(tasks, [&] {
    for (std::int64_t i = 0; i < tasks; ++i) check(shoal::get(shoal::submit(same, static_cast<int>(i))) == i);
  });
  return {rounds, tasks};
}

Measured task_async(std::int64_t tasks) {
  submit_and_get(std::min<std::int64_t>(tasks, 100'000));
  return {rate(tasks, [&] { submit_and_get(tasks); }), tasks};
}

/// A chain of so many tasks, each with the result of the one before as its argument.
Measured task_chain(std::int64_t length) {
  constexpr std::int64_t k_chains = 20;
  const auto run = [&](std::int64_t chains) {
    for (std::int64_t i = 0; i < chains; ++i) {
      Ref<int> last = shoal::submit([](int x) { return x + 1; }, 0);
      for (std::int64_t j = 1; j < length; ++j) last = shoal::submit([](int x) { return x + 1; }, last);
      check(shoal::get(last) == length);
    }
  };
  run(2);
  return {rate(k_chains * length, [&] { run(k_chains); }), k_chains * length};
}

Measured actor_sync(std::int64_t calls) {
  auto adder = shoal::spawn<Adder>();
  for (int i = 0; i < 1000; ++i) shoal::get(adder.call(&Adder::add, 0));
  const double rounds = rate(calls, [&] {
    for (std::int64_t i = 1; i <= calls; ++i) check(shoal::get(adder.call(&Adder::add, 1)) == i);
  });
  return {rounds, calls};
}

Measured actor_async(std::int64_t calls) {
  auto adder = shoal::spawn<Adder>();
  const auto run = [&](std::int64_t count) {
    std::vector<Ref<int>> refs;
    refs.reserve(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) refs.push_back(adder.call(&Adder::add, 1));
    int last = 0;
    for (const Ref<int>& ref : refs) last = shoal::get(ref);
    return last;
  };
  const int before = run(std::min<std::int64_t>(calls, 100'000));
  const double calls_per_second = rate(calls, [&] { check(run(calls) == before + calls); });
  return {calls_per_second, calls};
}

/// Creates an actor process, calls it and lets it go, four at a time.
Measured actor_create(std::int64_t actors) {
  const auto run = [](std::int64_t count) {
    for (std::int64_t i = 0; i < count; i += 4) {
      std::vector<shoal::Actor<Adder>> some;
      for (int j = 0; j < 4; ++j) some.push_back(shoal::spawn<Adder>({.num_cpus = 0}));
      std::vector<Ref<int>> refs;
      for (auto& actor : some) refs.push_back(actor.call(&Adder::add, 1));
      for (const Ref<int>& ref : refs) check(shoal::get(ref) == 1);
    }
  };
  run(4);
  return {rate(actors, [&] { run(actors); }), actors};
}

/// Taking the results of 1,000 tasks one by one with wait(), as they come: so often a second.
Measured wait_1k(std::int64_t rounds) {
  const auto run = [] {
    std::vector<Ref<int>> pending;
    for (int i = 0; i < 1000; ++i) pending.push_back(shoal::submit(same, i));
    while (!pending.empty()) pending = shoal::wait(std::move(pending)).pending;
  };
  run();
  return {rate(rounds,
               [&] {
                 for (std::int64_t i = 0; i < rounds; ++i) run();
               }),
          rounds};
}

/// Seconds from the start of a process to the first result of a task from a worker process.
Measured cold_start(const char* program, std::int64_t rounds) {
  const auto start = Clock::now();
  for (std::int64_t i = 0; i < rounds; ++i) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) std::exit(1);
    const pid_t child = fork();
    if (child == 0) {
      dup2(ends[1], STDOUT_FILENO);
      execl(program, program, "first_result", "1", nullptr);
      _exit(127);
    }
    close(ends[1]);
    char byte = 0;
    check(read(ends[0], &byte, 1) == 1 && byte == '1');
    close(ends[0]);
    waitpid(child, nullptr, 0);
  }
  return {seconds_since(start) / static_cast<double>(rounds), rounds};
}

const std::map<std::string, std::function<Measured(std::int64_t)>> k_lines = {
    {"task_sync", task_sync},   {"task_async", task_async},   {"task_chain", task_chain},
    {"actor_sync", actor_sync}, {"actor_async", actor_async}, {"actor_create", actor_create},
    {"wait_1k", wait_1k}};

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc >= 3 ? argv[1] : "";
  const std::int64_t count = argc >= 3 ? std::atoll(argv[2]) : 0;
  const std::string cores = argc >= 4 ? argv[3] : "";  // "one" or "two": those of the program and its worker
  if (name == "cold_start") {
    bench::print(cold_start(argv[0], count));
    return 0;
  }
  if (cores == "one") pin(0);
  const shoal::Session session(argc, argv, {.processes = cores.empty() ? 2 : 1});
  if (name == "first_result") {
    check(shoal::get(shoal::submit(same, 1)) == 1);
    check(write(STDOUT_FILENO, "1", 1) == 1);
    return 0;
  }
  const auto* const line = bench::find_line(k_lines, "bench_processes", name);
  if (line == nullptr) return 2;
  if (cores == "two") {
    shoal::get(shoal::submit([] { pin(1); }));
    pin(0);
  }
  bench::print((*line)(count));
}
