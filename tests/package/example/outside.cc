#include <shoal/data.h>

#include <cstdint>
#include <iostream>

namespace sd = shoal::data;

struct Number {
  std::int64_t id = 0;
};

struct Square {
  std::int64_t id = 0;
  std::int64_t square = 0;
};

Square square(const Number& number) { return {number.id, number.id * number.id}; }

int main() {
  const sd::Dataset squares = sd::range(10'000).map(square).filter([](const Square& s) { return s.square % 2 == 0; });
  std::int64_t rows = 0;
  std::int64_t sum = 0;
  for (const sd::Batch& batch : squares.iter_batches({.batch_size = 1'000})) {
    rows += batch.num_rows();
    for (const std::int64_t value : batch.column<std::int64_t>("square")) sum += value;
  }
  std::cout << "outside: " << rows << " rows, sum " << sum << '\n';
}
