// Checked work for the torture test: rounds of tasks, chains, large values, streams and actors, whose values are known
// beforehand. Ends with 0 after its rounds, 3 where the daemon is gone, 5 where something hung, 6 where a value was wrong.
//
//   torture_program SEED ROUNDS [own]      own: with worker processes of its own, else joined by SHOAL_ADDRESS
#include <shoal/shoal.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

namespace {

using Numbers = std::vector<std::uint64_t>;

constexpr std::chrono::seconds k_hang{30};
const shoal::TaskOptions k_for_ever{.max_retries = -1};
const shoal::TaskOptions k_limited{.memory = std::uint64_t{256} << 20, .max_retries = -1};

struct Wrong {
  std::string what;
};

/// The finaliser of splitmix64 (Steele, Lea and Flood, 2014).
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

Numbers numbers_of(std::uint64_t seed, std::uint64_t count) {
  Numbers numbers(count);
  for (std::uint64_t i = 0; i < count; ++i) numbers[i] = mix(seed + i);
  return numbers;
}

std::uint64_t sum_of(const Numbers& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), std::uint64_t{0});
}

/// The sum of mix() of the numbers from `first` on, by tasks of tasks.
std::uint64_t sum_by_tree(std::uint64_t first, std::uint64_t count) {
  if (count <= 4) return sum_of(numbers_of(first, count));
  const auto left = shoal::submit(k_for_ever, sum_by_tree, first, count / 2);
  const auto right = shoal::submit(k_for_ever, sum_by_tree, first + count / 2, count - count / 2);
  return shoal::get(left) + shoal::get(right);
}

class Mixer {
 public:
  explicit Mixer(std::uint64_t seed) : seed_(seed) {}
  std::uint64_t mixed(std::uint64_t x) const { return mix(seed_ + x); }
  std::uint64_t sum(const Numbers& numbers) const { return sum_of(numbers) + seed_; }

 private:
  std::uint64_t seed_;
};

void expect(std::uint64_t is, std::uint64_t should_be, const char* what) {
  if (is != should_be) throw Wrong{what};
}

void small_tasks(std::uint64_t seed) {
  std::vector<shoal::Ref<std::uint64_t>> refs;
  for (std::uint64_t i = 0; i < 100; ++i) refs.push_back(shoal::submit(k_for_ever, mix, seed + i));
  const auto values = shoal::get(refs, {.timeout = k_hang});
  for (std::uint64_t i = 0; i < values.size(); ++i) expect(values[i], mix(seed + i), "a small task");
}

void chain(std::uint64_t seed) {
  auto link = shoal::submit(k_for_ever, mix, seed);
  std::uint64_t value = mix(seed);
  for (int i = 0; i < 30; ++i) {
    link = shoal::submit(k_for_ever, mix, link);
    value = mix(value);
  }
  expect(shoal::get(link, {.timeout = k_hang}), value, "a chain");
}

void tree(std::uint64_t seed) {
  expect(shoal::get(shoal::submit(k_for_ever, sum_by_tree, seed, std::uint64_t{32}), {.timeout = k_hang}),
         sum_of(numbers_of(seed, 32)), "a tree of tasks");
}

void large_values(std::uint64_t seed) {
  constexpr std::uint64_t k_count = 200'000;  // 1.6 MB
  const std::uint64_t sum = sum_of(numbers_of(seed, k_count));
  const auto made = shoal::submit(k_for_ever, numbers_of, seed, k_count);
  const auto put = shoal::put(numbers_of(seed, k_count));
  std::vector<shoal::Ref<std::uint64_t>> sums;
  for (int i = 0; i < 3; ++i) {
    sums.push_back(shoal::submit(k_limited, sum_of, made));
    sums.push_back(shoal::submit(k_for_ever, sum_of, put));
  }
  for (const std::uint64_t each : shoal::get(sums, {.timeout = k_hang})) expect(each, sum, "a sum of a large value");
  expect(sum_of(shoal::get(made, {.timeout = k_hang})), sum, "a large result");
}

void stream(std::uint64_t seed) {
  shoal::RefStream<Numbers> items = shoal::submit(
      k_for_ever,
      [](std::uint64_t from, shoal::Sink<Numbers>& out) {
        for (std::uint64_t i = 0; i < 20; ++i) out.push(numbers_of(from + i, i % 5 == 0 ? 50'000 : 10));
      },
      seed);
  for (std::uint64_t i = 0; i < 20; ++i) {
    const auto item = items.next({.timeout = k_hang});
    if (!item) throw Wrong{"a stream that ends early"};
    expect(sum_of(shoal::get(*item, {.timeout = k_hang})), sum_of(numbers_of(seed + i, i % 5 == 0 ? 50'000 : 10)),
           "an item of a stream");
  }
}

void actors(std::uint64_t seed) {
  const auto mixer = shoal::spawn<Mixer>({.max_restarts = -1, .max_call_retries = -1}, seed);
  const Numbers numbers = numbers_of(seed, 20'000);
  std::vector<shoal::Ref<std::uint64_t>> answers;
  for (std::uint64_t i = 0; i < 20; ++i) answers.push_back(mixer.call(&Mixer::mixed, i));
  const auto sum = mixer.call(&Mixer::sum, numbers);
  const auto values = shoal::get(answers, {.timeout = k_hang});
  for (std::uint64_t i = 0; i < values.size(); ++i) expect(values[i], mix(seed + i), "an answer of an actor");
  expect(shoal::get(sum, {.timeout = k_hang}), sum_of(numbers) + seed, "an actor's answer to a large argument");
}

/// What a system that loses processes may say. All else is a defect.
bool is_loss(shoal::ErrorCode code) {
  return code == shoal::ErrorCode::worker_died || code == shoal::ErrorCode::object_lost ||
         code == shoal::ErrorCode::actor_died || code == shoal::ErrorCode::owner_died;
}

int work(std::uint64_t seed, int rounds) {
  const std::vector<std::function<void(std::uint64_t)>> kinds = {small_tasks,  chain,  tree,
                                                                 large_values, stream, actors};
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
      try {
        kinds[kind](mix(seed + static_cast<std::uint64_t>(round)) + kind * 1'000'003);
      } catch (const shoal::Error& error) {
        if (error.code() == shoal::ErrorCode::unavailable) return std::printf("gone: %s\n", error.what()), 3;
        if (error.code() == shoal::ErrorCode::timeout) return std::printf("hung: %s\n", error.what()), 5;
        if (!is_loss(error.code())) throw;
        std::printf("lost: %s\n", error.what());
      }
    }
    std::printf("round %d\n", round);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) return 2;
  shoal::SessionOptions options;
  if (argc > 3) options.processes = 2;
  const shoal::Session session(argc, argv, options);
  return work(std::strtoull(argv[1], nullptr, 10), std::atoi(argv[2]));
} catch (const Wrong& wrong) {
  std::printf("wrong: %s\n", wrong.what.c_str());
  return 6;
} catch (const shoal::Error& error) {
  const bool is_gone = error.code() == shoal::ErrorCode::unavailable || error.code() == shoal::ErrorCode::not_found;
  std::printf("%s: %s: %s\n", is_gone ? "gone" : "error", std::string(shoal::to_string(error.code())).c_str(),
              error.what());
  return is_gone ? 3 : 4;
}
