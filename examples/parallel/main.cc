// Functions as tasks: many at once, results as arguments of others, tasks that submit tasks, and a tree that adds up.
// Nothing has to be started: without a cluster the tasks run in threads of this program. `parallel --small` is over at
// once.
#include <shoal/shoal.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <random>
#include <utility>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

/// Primes in [first, last), the slow way.
std::int64_t count_primes(std::int64_t first, std::int64_t last) {
  std::int64_t count = 0;
  for (std::int64_t n = std::max<std::int64_t>(first, 2); n < last; ++n) {
    std::int64_t divisor = 2;
    while (divisor * divisor <= n && n % divisor != 0) ++divisor;
    if (divisor * divisor > n) ++count;
  }
  return count;
}

std::int64_t add(std::int64_t a, std::int64_t b) { return a + b; }

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// Adds up two by two: the sums are tasks, too, and no number comes back here before the last.
shoal::Ref<std::int64_t> tree_sum(std::vector<shoal::Ref<std::int64_t>> refs) {
  while (refs.size() > 1) {
    std::vector<shoal::Ref<std::int64_t>> sums;
    for (std::size_t i = 0; i + 1 < refs.size(); i += 2) sums.push_back(shoal::submit(add, refs[i], refs[i + 1]));
    if (refs.size() % 2 == 1) sums.push_back(refs.back());
    refs = std::move(sums);
  }
  return refs.front();
}

/// Sorts the halves as tasks of this task, down to pieces that are not worth one.
std::vector<int> sorted(std::vector<int> numbers, std::size_t smallest) {
  if (numbers.size() <= smallest) {
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  }
  const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  const auto low = shoal::submit(sorted, std::vector<int>(numbers.begin(), middle), smallest);
  const auto high = shoal::submit(sorted, std::vector<int>(middle, numbers.end()), smallest);
  const std::vector<int> a = shoal::get(low), b = shoal::get(high);
  std::merge(a.begin(), a.end(), b.begin(), b.end(), numbers.begin());
  return numbers;
}

bool primes_agree(std::int64_t up_to) {
  constexpr std::int64_t k_slices = 64;
  auto begin = Clock::now();
  const std::int64_t alone = count_primes(0, up_to);
  std::cout << "one call:  " << alone << " primes in " << seconds_since(begin) << " s\n";

  begin = Clock::now();
  std::vector<shoal::Ref<std::int64_t>> counts;
  for (std::int64_t i = 0; i < k_slices; ++i) {
    counts.push_back(shoal::submit(count_primes, up_to * i / k_slices, up_to * (i + 1) / k_slices));
  }
  const std::int64_t together = shoal::get(tree_sum(counts));
  std::cout << k_slices << " tasks: " << together << " primes in " << seconds_since(begin) << " s\n";
  return alone == together;
}

bool chain_agrees() {
  const shoal::Ref<std::int64_t> a = shoal::submit(add, 1, 2);
  const shoal::Ref<std::int64_t> b = shoal::submit(add, a, 10);  // starts when `a` is there
  const shoal::Ref<std::int64_t> c = shoal::submit(add, a, b);
  std::cout << "chain:     " << shoal::get(a) << ", " << shoal::get(b) << ", " << shoal::get(c) << "\n";
  return shoal::get(c) == 16;
}

bool sort_agrees(std::size_t size) {
  std::mt19937 random(7);
  std::vector<int> numbers(size);
  for (int& number : numbers) number = static_cast<int>(random() % 1'000'000);
  const std::vector<int> result = shoal::get(shoal::submit(sorted, numbers, size / 16));
  std::cout << "sorted:    " << result.size() << " numbers by tasks of tasks\n";
  std::sort(numbers.begin(), numbers.end());
  return result == numbers;
}

}  // namespace

int main(int argc, char** argv) {
  const shoal::Session session(argc, argv);
  std::cout << session.engine() << "\n";
  const bool is_small = argc > 1 && std::strcmp(argv[1], "--small") == 0;
  const bool agree = primes_agree(is_small ? 50'000 : 2'000'000) && chain_agrees() &&
                     sort_agrees(is_small ? 20'000 : 2'000'000);
  return agree ? 0 : 1;
}
