// What the tests of daemons run: a program that joins the cluster that SHOAL_ADDRESS names. Built twice, as two programs.
#include <shoal/shoal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

#ifdef OTHER
constexpr const char* k_binary = "other";
#else
constexpr const char* k_binary = "first";
#endif

struct Seen {
  int pid = 0;
  std::string binary;
  std::string folder;
  std::string variable;
};

Seen look_around() {
  const char* const variable = std::getenv("DAEMON_TEST_VARIABLE");
  return {::getpid(), k_binary, std::filesystem::current_path().string(), variable == nullptr ? "" : variable};
}

int square(int x) { return x * x; }

/// Until its process is killed.
int nap_for_ever() {
  for (;;) std::this_thread::sleep_for(std::chrono::milliseconds(10));  // nap
}

class Counter {
 public:
  int add(int n) { return value_ += n; }

 private:
  int value_ = 0;
};

int sum() {
  std::vector<shoal::Ref<int>> squares;
  for (int i = 0; i < 1000; ++i) squares.push_back(shoal::submit(square, i));
  long long total = 0;
  for (const int each : shoal::get(squares)) total += each;
  const Seen seen = shoal::get(shoal::submit(look_around));
  std::cout << "sum " << total << " binary " << seen.binary << " elsewhere " << (seen.pid != ::getpid()) << " folder "
            << seen.folder << " variable " << seen.variable << std::endl;
  return 0;
}

/// Says what its workers are, and waits for what never comes.
int wait_for_ever() {
  const Seen seen = shoal::get(shoal::submit(look_around));
  std::cout << "waiting " << seen.pid << std::endl;
  try {
    shoal::get(shoal::submit(nap_for_ever));
  } catch (const shoal::Error& error) {
    std::cout << "error " << shoal::to_string(error.code()) << ": " << error.what() << std::endl;
    return 3;
  }
  return 0;
}

/// A task prints.
int say() {
  shoal::get(shoal::submit({.name = "talk"}, [] { std::cout << "a line of a task" << std::endl; }));
  return 0;
}

/// Has 240 MB in the store until there is a word on its input.
int hold() {
  std::vector<shoal::Ref<std::vector<double>>> blocks;
  for (int i = 0; i < 30; ++i) {
    blocks.push_back(shoal::submit([](int value) { return std::vector<double>(1'000'000, value); }, i));
  }
  const auto first = [](const std::vector<double>& block) { return block.front(); };
  double sum = 0;
  for (const auto& block : blocks) sum += shoal::get(shoal::submit(first, block));
  const auto view = shoal::view(blocks.front());
  std::cout << "holding " << sum << std::endl;
  std::cin.get();
  return static_cast<int>(view->back());
}

/// Tasks in bursts, so that what grows is the daemon's, if anything does.
int many_tasks(int count) {
  constexpr int k_burst = 10'000;
  long long total = 0;
  for (int done = 0; done < count; done += k_burst) {
    std::vector<shoal::Ref<int>> refs;
    for (int i = 0; i < k_burst; ++i) refs.push_back(shoal::submit(square, i % 10));
    for (const int each : shoal::get(refs)) total += each;
  }
  std::cout << "total " << total << std::endl;
  std::cin.get();
  return 0;
}

int many_actors(int count) {
  constexpr int k_together = 20;
  int total = 0;
  for (int done = 0; done < count; done += k_together) {
    std::vector<shoal::Actor<Counter>> counters;
    std::vector<shoal::Ref<int>> sums;
    for (int i = 0; i < k_together; ++i) {
      counters.push_back(shoal::spawn<Counter>());
      sums.push_back(counters.back().call(&Counter::add, 1));
    }
    for (const int each : shoal::get(sums)) total += each;
  }
  std::cout << "total " << total << std::endl;
  std::cin.get();
  return 0;
}

int leave_a_counter() {
  const auto counter = shoal::spawn<Counter>({.name = "visits", .detached = true});
  std::cout << "visits " << shoal::get(counter.call(&Counter::add, 1)) << std::endl;
  return 0;
}

int find_the_counter() {
  std::cout << "visits " << shoal::get(shoal::find<Counter>("visits").call(&Counter::add, 1)) << std::endl;
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  const shoal::Session session(argc, argv);
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "sum") return sum();
  if (what == "wait") return wait_for_ever();
  if (what == "say") return say();
  if (what == "hold") return hold();
  if (what == "tasks") return many_tasks(std::atoi(argv[2]));
  if (what == "actors") return many_actors(std::atoi(argv[2]));
  if (what == "leave") return leave_a_counter();
  if (what == "find") return find_the_counter();
  if (what == "status") return 7;
  std::cout << session.engine() << std::endl;
  return 0;
} catch (const shoal::Error& error) {
  std::cout << "error " << shoal::to_string(error.code()) << ": " << error.what() << std::endl;
  return 4;
}
