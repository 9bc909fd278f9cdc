// The lines of values in a session with worker processes, through the public API only. Prints one JSON line.
#include <shoal/shoal.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "measure.h"

namespace {

using bench::Clock;
using bench::Measured;
using bench::seconds_since;
using shoal::Ref;
using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t k_mib = std::size_t{1} << 20;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

/// GB/s of putting 256 MiB in memory that was written before; each is let go of before the next.
Measured put_large(std::int64_t count) {
  Bytes bytes(256 * k_mib);
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  const auto put_one = [&] {
    const Ref<Bytes> ref = shoal::put(bytes);
    if (shoal::view(ref)->back() != 255) fail("the value is wrong");
  };
  for (int i = 0; i < 3; ++i) put_one();
  const auto start = Clock::now();
  for (std::int64_t i = 0; i < count; ++i) put_one();
  return {static_cast<double>(count) * 256 * k_mib / seconds_since(start) / 1e9, count};
}

/// Objects of 1 KiB put a second; all are kept.
Measured put_small(std::int64_t count) {
  const std::string text(1024, 'x');
  std::vector<Ref<std::string>> refs;
  refs.reserve(static_cast<std::size_t>(count));
  const auto start = Clock::now();
  for (std::int64_t i = 0; i < count; ++i) refs.push_back(shoal::put(text));
  return {static_cast<double>(count) / seconds_since(start), count};
}

/// Values of 1 KiB got a second, of 1,000 that are there.
Measured get_small(std::int64_t count) {
  std::vector<Ref<std::string>> refs;
  for (int i = 0; i < 1000; ++i) refs.push_back(shoal::put(std::string(1024, 'x')));
  std::size_t bytes = 0;
  const auto start = Clock::now();
  for (std::int64_t i = 0; i < count; ++i) bytes += shoal::get(refs[static_cast<std::size_t>(i % 1000)]).size();
  if (bytes != static_cast<std::size_t>(count) * 1024) fail("the values are wrong");
  return {static_cast<double>(count) / seconds_since(start), count};
}

/// Tasks a second that look at the same 8 MiB.
Measured task_shared_arg(std::int64_t count) {
  shoal::MutableBuffer buffer = shoal::create_buffer(8 * k_mib);
  std::memset(buffer.data(), 7, buffer.size());
  const Ref<shoal::Buffer> shared = shoal::put(std::move(buffer));
  const auto last_of = [](const shoal::Buffer& in) { return static_cast<int>(in.bytes().back()); };
  const auto run = [&](std::int64_t tasks) {
    std::vector<Ref<int>> refs;
    for (std::int64_t i = 0; i < tasks; ++i) refs.push_back(shoal::submit(last_of, shared));
    for (const int last : shoal::get(refs)) {
      if (last != 7) fail("a task saw something else");
    }
  };
  run(1000);
  const auto start = Clock::now();
  run(count);
  return {static_cast<double>(count) / seconds_since(start), count};
}

const std::map<std::string, std::function<Measured(std::int64_t)>> k_lines = {
    {"put_large", put_large}, {"put_small", put_small}, {"get_small", get_small}, {"task_shared_arg", task_shared_arg}};

}  // namespace

int main(int argc, char** argv) {
  shoal::init(argc, argv);
  const auto* const line = bench::find_line(k_lines, "bench_stored", argc == 3 ? argv[1] : "");
  if (line == nullptr) return 2;
  Measured measured;
  {
    const shoal::Session session(argc, argv, {.processes = 2, .object_store_memory = 640 * k_mib});
    measured = (*line)(std::atoll(argv[2]));
  }
  bench::print(measured);
}
