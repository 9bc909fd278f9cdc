// The peer of the lines of tasks and actors in worker processes: Ray from C++. Prints one JSON line. bench/run.py builds it
// twice, as a program and as the library that Ray's workers load, with the headers and the library of the package ray-cpp.
//
//   ray_core LIBRARY task_sync|task_async|task_chain|actor_sync|actor_async|actor_create|wait_1k COUNT
#include <ray/api.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace {

int same(int x) { return x; }

class Adder {
 public:
  static Adder* make() { return new Adder(); }
  int add(int x) { return total_ += x; }

 private:
  int total_ = 0;
};

RAY_REMOTE(same, Adder::make, &Adder::add);

void check(bool is_right) {
  if (is_right) return;
  std::fprintf(stderr, "a value is wrong\n");
  std::exit(1);
}

void task_sync(int count) {
  for (int i = 0; i < count; ++i) check(*ray::Get(ray::Task(same).Remote(i)) == i);
}

void task_async(int count) {
  std::vector<ray::ObjectRef<int>> refs;
  for (int i = 0; i < count; ++i) refs.push_back(ray::Task(same).Remote(i));
  check(*ray::Get(refs).back() == count - 1);
}

void task_chain(int count) {
  ray::ObjectRef<int> last = ray::Task(same).Remote(7);
  for (int i = 1; i < count; ++i) last = ray::Task(same).Remote(last);
  check(*ray::Get(last) == 7);
}

void actor_sync(int count) {
  auto adder = ray::Actor(Adder::make).Remote();
  for (int i = 1; i <= count; ++i) check(*ray::Get(adder.Task(&Adder::add).Remote(1)) == i);
}

void actor_async(int count) {
  auto adder = ray::Actor(Adder::make).Remote();
  std::vector<ray::ObjectRef<int>> refs;
  for (int i = 0; i < count; ++i) refs.push_back(adder.Task(&Adder::add).Remote(1));
  check(*ray::Get(refs).back() == count);
}

void actor_create(int count) {
  constexpr int k_together = 4;
  for (int done = 0; done < count; done += k_together) {
    std::vector<ray::ActorHandle<Adder>> adders;
    std::vector<ray::ObjectRef<int>> refs;
    for (int i = 0; i < k_together; ++i) {
      adders.push_back(ray::Actor(Adder::make).SetResource("CPU", 0.5).Remote());  // 0 is refused; four share two CPUs
      refs.push_back(adders.back().Task(&Adder::add).Remote(1));
    }
    ray::Get(refs);
    for (auto& adder : adders) adder.Kill();
  }
}

void wait_1k(int count) {
  for (int round = 0; round < count; ++round) {
    std::vector<ray::ObjectRef<int>> pending;
    for (int i = 0; i < 1000; ++i) pending.push_back(ray::Task(same).Remote(i));
    while (!pending.empty()) {
      auto waited = ray::Wait(pending, 1, 10'000);
      pending.assign(waited.unready.begin(), waited.unready.end());
    }
  }
}

const std::map<std::string, std::function<void(int)>> k_lines = {
    {"task_sync", task_sync},   {"task_async", task_async},   {"task_chain", task_chain},
    {"actor_sync", actor_sync}, {"actor_async", actor_async}, {"actor_create", actor_create},
    {"wait_1k", wait_1k}};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 || k_lines.count(argv[2]) == 0) return 2;
  ray::RayConfig config;
  config.head_args = {"--num-cpus", "2", "--include-dashboard", "false"};
  config.code_search_path = {argv[1]};
  ray::Init(config);
  task_async(200);
  const int count = std::atoi(argv[3]);
  const auto start = std::chrono::steady_clock::now();
  k_lines.at(argv[2])(count);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  ray::Shutdown();
  std::printf("{\"value\": %.6f, \"ops\": %d}\n", count / seconds, count);
}
