// Streams more than memory may hold, and says what the process's peak was: `budget stream|materialize GIB`.
#include <shoal/data.h>
#include <sys/resource.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

namespace sd = shoal::data;
using namespace shoal::literals;

constexpr std::int64_t k_row_bytes = 64 * 64 * 8;

sd::Batch add_one(const sd::Batch& in) {
  const auto x = in.tensor<std::int64_t>("data");
  sd::BatchBuilder out(in);
  auto y = out.add_tensor<std::int64_t>("data", {x.shape(0), 64, 64});
  const std::int64_t* from = x.data();
  for (auto& value : y) value = *from++ + 1;
  return out.finish();
}

/// Rows, with each row's values checked: row i holds i + 1.
std::int64_t check(const sd::Dataset& dataset) {
  std::int64_t row = 0;
  for (const sd::Batch& batch : dataset.iter_batches({.batch_size = 500})) {
    const auto x = batch.tensor<std::int64_t>("data");
    for (std::int64_t i = 0; i < x.shape(0); ++i) {
      ++row;
      const std::int64_t* values = x.data() + i * 4096;
      if (values[0] != row || values[4095] != row) {
        std::fprintf(stderr, "row %ld holds %ld\n", static_cast<long>(row - 1), static_cast<long>(values[0]));
        std::exit(1);
      }
    }
  }
  return row;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::int64_t rows = std::stol(argv[2]) * 1_GiB / k_row_bytes;
  const sd::RunOptions run{.memory_budget = 512_MiB, .verbosity = sd::Verbosity::quiet};
  sd::Dataset dataset = sd::range_tensor(rows, {.shape = {64, 64}}, run).map_batches(add_one);
  const bool keep = std::string(argv[1]) == "materialize";
  if (keep) dataset = dataset.materialize();
  for (int epoch = 0; epoch < (keep ? 2 : 1); ++epoch) {
    if (check(dataset) != rows) return 1;
  }
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  std::printf("rows %ld, peak resident memory %ld MiB\n", static_cast<long>(rows), used.ru_maxrss / 1024);
  return used.ru_maxrss <= 640 * 1024 ? 0 : 1;
}
