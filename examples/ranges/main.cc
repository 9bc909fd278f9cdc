// Three steps that do nothing but nap, each with resources of its own: a function that takes two CPUs, a class in a pool
// of two to four workers, a function that takes one. Watch them in a terminal. 16 CPUs are declared, whatever the
// machine has: a nap needs none. `ranges --small` is over in two seconds.
#include <shoal/data.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <thread>

namespace sd = shoal::data;

namespace {

sd::Batch nap(const sd::Batch& batch) {
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  return batch;
}

struct Nap {
  sd::Batch operator()(const sd::Batch& batch) const { return nap(batch); }
};

}  // namespace

int main(int argc, char** argv) {
  const bool is_small = argc > 1 && std::strcmp(argv[1], "--small") == 0;
  const std::int64_t rows = is_small ? 1000 : 5000;
  const int blocks = is_small ? 40 : 200;

  const sd::RunOptions run{.num_cpus = 16, .verbosity = sd::Verbosity::verbose};
  const sd::Dataset naps = sd::range_tensor(rows, {.shape = {80, 80, 3}, .parallelism = blocks}, run)
                               .map_batches(nap, {.num_cpus = 2})
                               .map_batches<Nap>({.pool = sd::Pool{2, 4}})
                               .map_batches(nap, {.num_cpus = 1});

  std::int64_t seen = 0;
  for (const sd::Batch& batch : naps.iter_batches()) seen += batch.num_rows();

  std::cout << naps.stats() << seen << " rows\n";
  return seen == rows ? 0 : 1;
}
