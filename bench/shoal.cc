// Our side of the benchmark lines (bench/run.py): each measures from the first call on a dataset to its last batch, in
// a fresh process, with cold connections. Uses the public API only. Prints one JSON line.
#include <shoal/api/session.h>
#include <shoal/data.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "measure.h"

namespace {

namespace sd = shoal::data;
using bench::Clock;
using bench::Measured;
using bench::seconds_since;

Measured rate(Clock::time_point start, std::int64_t ops) {
  return {static_cast<double>(ops) / seconds_since(start), ops};
}
Measured time(Clock::time_point start, std::int64_t ops) { return {seconds_since(start), ops}; }

std::int64_t consume(const sd::Dataset& dataset, std::int64_t batch_size) {
  std::int64_t rows = 0;
  for (const sd::Batch& batch : dataset.iter_batches({.batch_size = batch_size})) rows += batch.num_rows();
  return rows;
}

sd::Batch normalize(const sd::Batch& in) {
  const auto pixels = in.tensor<std::uint8_t>("image");
  sd::BatchBuilder out(in);
  auto image = out.add_tensor<float>("image", {pixels.shape(0), 1, pixels.shape(1), pixels.shape(2)});
  const float* end = image.data() + pixels.size();
  const std::uint8_t* from = pixels.data();
  for (float* to = image.data(); to != end; ++to, ++from) *to = (static_cast<float>(*from) / 255.f - 0.5f) / 0.5f;
  return out.finish();
}

sd::Batch halve(const sd::Batch& in) {
  const auto x = in.tensor<std::uint8_t>("image");
  const std::int64_t height = (x.shape(1) + 1) / 2, width = (x.shape(2) + 1) / 2;
  sd::BatchBuilder out(in);
  auto y = out.add_tensor<float>("image", {x.shape(0), height, width, 3});
  float* to = y.data();
  for (std::int64_t n = 0; n < x.shape(0); ++n) {
    for (std::int64_t v = 0; v < height; ++v) {
      const std::uint8_t* row = x.data() + (n * x.shape(1) + 2 * v) * x.shape(2) * 3;
      for (std::int64_t u = 0; u < width; ++u, row += 6) {
        for (int c = 0; c < 3; ++c) *to++ = static_cast<float>(row[c]) / 255.f;
      }
    }
  }
  return out.finish();
}

sd::Dataset digits(const std::string& uri) {
  return sd::read_images(uri, {.mode = sd::ImageMode::gray, .include_paths = true}).map_batches(normalize);
}

Measured mnist(const std::string& uri) {
  const auto start = Clock::now();
  return rate(start, consume(digits(uri), 400));
}

Measured first_batch(const std::string& uri) {
  const auto start = Clock::now();
  for (const sd::Batch& batch : digits(uri).iter_batches({.batch_size = 400})) { return time(start, batch.num_rows()); }
  return {};
}

Measured list(const std::string& uri) {
  const auto start = Clock::now();
  return rate(start, consume(sd::list_objects(uri), 1000));
}

Measured get(const std::string& uri) {
  const auto start = Clock::now();
  return rate(start, consume(sd::read_binary(uri), 16));
}

Measured jpeg(const std::string& folder) {
  const auto start = Clock::now();
  return rate(start, consume(sd::read_images(folder).map_batches(halve, {.batch_size = 64}), 64));
}

Measured jpeg_scaled(const std::string& folder) {
  const auto start = Clock::now();
  return rate(start, consume(sd::read_images(folder, {.size = {188, 250}}), 64));
}

Measured parquet(const std::string& folder) {
  const auto start = Clock::now();
  return time(start, consume(sd::read_parquet(folder, {.columns = {"g", "v"}}), 65536));
}

struct Item {
  std::int64_t id = 0;
};

Measured rows(const std::string& count) {
  const auto start = Clock::now();
  return time(start, consume(sd::range(std::stol(count)).map([](Item item) { return Item{item.id + 1}; }), 4096));
}

sd::Batch same(const sd::Batch& in) { return in; }

// Microseconds per block and stage: N one-row blocks through four stages that are not fused.
Measured blocks_with(std::int64_t count, sd::RunOptions run) {
  run.fuse = false;
  run.progress = false;
  const auto start = Clock::now();
  sd::Dataset dataset = sd::range(count, {.parallelism = static_cast<int>(count)}, run);
  for (int stage = 0; stage < 3; ++stage) dataset = dataset.map_batches(same);
  const std::int64_t done = consume(dataset, 1) * 4;
  Measured measured = time(start, done);
  measured.value *= 1e6 / static_cast<double>(done);
  return measured;
}
Measured blocks(const std::string& count) { return blocks_with(std::stol(count), {}); }

// The same with one block in flight: a consumer that takes one block of one stage, one after the other.
Measured blocks_one(const std::string& count) { return blocks_with(std::stol(count), {.num_cpus = 1}); }

const std::map<std::string, std::function<Measured(const std::string&)>> k_lines = {
    {"mnist", mnist},   {"first_batch", first_batch}, {"list", list},       {"get", get},
    {"jpeg", jpeg},     {"jpeg_scaled", jpeg_scaled}, {"parquet", parquet}, {"rows", rows},
    {"blocks", blocks}, {"blocks_one", blocks_one}};

}  // namespace

// With SHOAL_PROCESSES=n the line runs in a session with so many worker processes, of which SHOAL_ISOLATION=processes makes use.
int main(int argc, char** argv) {
  shoal::init(argc, argv);
  const auto* const line = bench::find_line(k_lines, "bench_shoal", argc == 3 ? argv[1] : "");
  if (line == nullptr) return 2;
  std::optional<shoal::Session> session;
  if (std::getenv("SHOAL_PROCESSES") != nullptr) session.emplace();
  sd::set_default_run_options({.verbosity = sd::Verbosity::quiet});
  bench::print((*line)(argv[2]));
}
