#include "data/op/ship_function.h"

#include <gtest/gtest.h>
#include <shoal/data.h>

#include <array>
#include <map>
#include <string>
#include <vector>

#include "data/op/testing/ship_drive.h"

namespace shoal::data {
namespace {

struct ShipRow {
  std::int64_t id = 0;
};
struct ShipNamed {
  std::int64_t id = 0;
  std::string name;
};

ShipNamed name_of(const ShipRow& row, const std::string& prefix, std::int64_t step) {
  return {row.id, prefix + std::to_string(row.id * step)};
}
bool is_even_row(const ShipRow& row) { return row.id % 2 == 0; }

void expect_same(const Dataset& dataset) { expect_same_elsewhere(dataset.plan(), {.parallelism = 2}); }

TEST(ShipFunction, FunctionsWithWhatIsBound) {
  expect_same(range(10).map(name_of, "row ", 3));
  expect_same(range(10).filter(is_even_row));
  expect_same(range(10).map(name_of, {.batch_size = 3, .name = "name"}, "row ", 3));
}

TEST(ShipFunction, LambdasWithCaptures) {
  const std::array<double, 3> weights = {0.5, 1.5, 2.5};
  int shift = 7;
  expect_same(range(10).map([shift](ShipRow row) { return ShipRow{row.id + shift}; }));
  expect_same(range(10).add_column(
      "weight", [weights](const ShipRow& row) { return weights[static_cast<std::size_t>(row.id) % weights.size()]; }));
  expect_same(
      range(10).flat_map([](ShipRow row) { return std::vector<ShipRow>(static_cast<std::size_t>(row.id % 3), row); }));
  expect_same(range(10).map_batches([](const Batch& batch) { return batch; }, {.batch_size = 4}));
}

/// A function object that is a plain struct with memory of its own.
struct ShipLookup {
  std::map<std::int64_t, std::string> names{};
  ShipNamed operator()(const ShipRow& row) const {
    const auto found = names.find(row.id);
    return {row.id, found == names.end() ? "?" : found->second};
  }
};

TEST(ShipFunction, FunctionObjects) { expect_same(range(5).map(ShipLookup{{{1, "one"}, {3, "three"}}})); }

TEST(ShipFunction, BoundTensorsBytesAndObjects) {
  const Tensor<double> table(Shape{2, 2}, {1, 2, 3, 4});
  expect_same(range(4).add_column(
      "value", [](const ShipRow& row, const Tensor<double>& t) { return t(row.id / 2, row.id % 2); }, table));
  const auto text = std::make_shared<const std::string>("abcd");
  const Bytes bytes(text, reinterpret_cast<const std::uint8_t*>(text->data()), text->size());
  expect_same(
      range(4).add_column("letter", [](const ShipRow& row, const Bytes& b) { return int{b.data()[row.id]}; }, bytes));
  const ObjectHandle object{.uri = "file:///x", .size = 5};
  expect_same(
      range(4).add_column("uri", [](const ShipRow&, const ObjectHandle& handle) { return handle.uri; }, object));
  expect_same(range(4).add_column(
      "region", [](const ShipRow&, const StorageOptions& options) { return options.region; },
      StorageOptions{.region = "eu-west-1", .deadline_s = 3}));
}

/// A class step.
class ShipCounter {
 public:
  ShipCounter(std::string prefix, std::int64_t first) : prefix_(std::move(prefix)), next_(first) {}
  ShipNamed operator()(const ShipRow& row) { return {row.id, prefix_ + std::to_string(next_++)}; }

 private:
  std::string prefix_;
  std::int64_t next_;
};

TEST(ShipFunction, Classes) {
  expect_same(range(10).map<ShipCounter>("n", 100));
  expect_same(range(10).map<ShipCounter>({.pool = {1, 2}}, "n", 100));
}

TEST(ShipFunction, NullPointersDoNotTravel) {
  ShipRow (*none)(const ShipRow&) = nullptr;
  const Dataset dataset = range(1).map(none);
  EXPECT_EQ(pack_pipeline(fused(*dataset.plan())).status().code(), ErrorCode::invalid_argument);
}

TEST(ShipFunction, ATensorHasAsManyElementsAsItsShape) {
  Encoder to;
  encode(to, std::vector<std::int64_t>{1LL << 40, 1LL << 40});
  to.add_part({});
  EXPECT_THROW(from_payload<Tensor<double>>(to.finish()), CorruptData);
}

}  // namespace
}  // namespace shoal::data
