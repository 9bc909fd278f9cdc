// Programs that go wrong, as a user would write them: `bad_input CASE [URI ...]`. Prints the error's code and text and
// exits with 1, like any program that catches what it is thrown. run.py checks what is left behind.
#include <shoal/data.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <iostream>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace sd = shoal::data;
using namespace shoal::literals;
using Arguments = std::vector<std::string>;

struct Number {
  std::int64_t id = 0;
};

Number throws_on_7000(Number row) {
  if (row.id == 7000) throw std::runtime_error("no number 7000 today");
  return row;
}

sd::Batch other_schema_later(const sd::Batch& in) {
  const auto ids = in.column<std::int64_t>("id");
  sd::BatchBuilder out(in);
  if (ids[0] >= 5000) out.add_column("late", std::vector<double>(static_cast<std::size_t>(in.num_rows()), 1.0));
  return out.finish();
}

sd::Batch widen(const sd::Batch& in) {  // 64 KiB a row
  sd::BatchBuilder out(in);
  auto noise = out.add_tensor<std::uint64_t>("noise", {in.num_rows(), 8192});
  std::uint64_t x = static_cast<std::uint64_t>(in.column<std::int64_t>("id")[0]) + 88172645463325252u;
  for (auto& value : noise) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    value = x;
  }
  return out.finish();
}

void say_running() {
  static std::once_flag said;
  std::call_once(said, [] { std::cout << "running" << std::endl; });
}

Number naps(Number row) {  // a workload that naps, so that Ctrl-C comes in the middle
  say_running();
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return row;
}

Number never_returns(Number row) {
  say_running();
  std::this_thread::sleep_for(std::chrono::hours(1));
  return row;
}

void consume(const sd::Dataset& dataset, std::int64_t batch_size = 100) {
  std::int64_t rows = 0;
  for (const sd::Batch& batch : dataset.iter_batches({.batch_size = batch_size})) { rows += batch.num_rows(); }
  std::cout << "rows " << rows << std::endl;
}

/// A loop whose steps take 50 ms, over rows that are all there already; it sees Cancelled like one that saves a
/// checkpoint.
template <class Range>
void take_steps(Range range) {
  int steps = 0;
  try {
    for ([[maybe_unused]] const auto& batch : range) {
      if (++steps == 3) say_running();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  } catch (const shoal::Cancelled&) {
    std::cout << "cancelled" << std::endl;
    throw;
  }
}

int quarantine(const Arguments& uris) {
  sd::Quarantine bad;
  std::cout << "read " << sd::read_images(uris[0], {.quarantine = bad}).count() << " bad " << bad.count() << "\n";
  return 0;
}

const std::map<std::string, std::function<void(const Arguments&)>> k_cases = {
    {"images", [](const Arguments& uris) { consume(sd::read_images(uris[0])); }},
    {"images_within_2_s",
     [](const Arguments& uris) { consume(sd::read_images(uris[0], {.storage = {.deadline_s = 2}})); }},
    {"quarantine", quarantine},
    {"list", [](const Arguments& uris) { std::cout << sd::list_objects(uris[0]).count() << " objects\n"; }},
    {"parquet", [](const Arguments& uris) { consume(sd::read_parquet(uris[0])); }},
    {"throws", [](const Arguments&) { consume(sd::range(20'000).map(throws_on_7000)); }},
    {"other_schema",
     [](const Arguments&) { consume(sd::range(10'000).map_batches(other_schema_later, {.batch_size = 1000})); }},
    {"step_batch_size_0", [](const Arguments&) { consume(sd::range(10).map_batches(widen, {.batch_size = 0})); }},
    {"batch_size_0", [](const Arguments&) { consume(sd::range(10), 0); }},
    {"infeasible",
     [](const Arguments&) {
       consume(sd::range(10, sd::RunOptions{.num_cpus = 2}).map_batches(widen, {.num_cpus = 3}));
     }},
    {"column", [](const Arguments&) { consume(sd::range(10).select({"identity"})); }},
    {"write", [](const Arguments& uris) { sd::range(2000).map_batches(widen).write_parquet(uris[0]); }},
    {"write_throws", [](const Arguments& uris) { sd::range(20'000).map(throws_on_7000).write_parquet(uris[0]); }},
    {"write_slowly",
     [](const Arguments& uris) {
       sd::range(100'000, {.parallelism = 1000})
           .map_batches(widen, {.batch_size = 100})
           .map(naps)
           .write_parquet(uris[0]);
     }},
    {"spill",
     [](const Arguments& uris) {
       const sd::RunOptions run{.memory_budget = 64_MiB, .spill_dir = uris[0]};
       const sd::Dataset kept = sd::range(4000, run).map_batches(widen).materialize();
       consume(kept);
       consume(kept.map(naps));
     }},
    {"naps", [](const Arguments&) { consume(sd::range(100'000).map(naps), 10); }},
    {"slow_batches", [](const Arguments&) { take_steps(sd::range(100'000).iter_batches({.batch_size = 10})); }},
    {"slow_shuffled",
     [](const Arguments&) {  // the run is over, its rows are in the shuffle buffer
       take_steps(sd::range(1000).iter_batches({.batch_size = 10, .shuffle_buffer = 5000}));
     }},
    {"slow_rows", [](const Arguments&) { take_steps(sd::range(100'000).iter_rows<Number>()); }},
    {"never_returns", [](const Arguments&) { consume(sd::range(10).map(never_returns)); }},
};

}  // namespace

int main(int argc, char** argv) {
  const auto found = argc > 1 ? k_cases.find(argv[1]) : k_cases.end();
  if (found == k_cases.end()) return 2;
  try {
    found->second(Arguments(argv + 2, argv + argc));
    return 0;
  } catch (const shoal::Cancelled&) {
    throw;  // a program that does not catch it exits with 130
  } catch (const shoal::Error& error) {
    std::cerr << "code " << shoal::to_string(error.code()) << "\n" << error.what() << "\n";
    return 1;
  }
}
