// Any bytes as the arguments of each source and step that has no user function: what is made of them can be sent again.
#include "data/op/ship.h"

#include <arrow/table.h>
#include <arrow/type.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "data/op/block_merge.h"
#include "data/op/drop.h"
#include "data/op/filter_expr.h"
#include "data/op/from_arrow.h"
#include "data/op/limit.h"
#include "data/op/list_files.h"
#include "data/op/range.h"
#include "data/op/range_tensor.h"
#include "data/op/read_binary.h"
#include "data/op/read_images.h"
#include "data/op/read_parquet.h"
#include "data/op/read_text.h"
#include "data/op/rename.h"
#include "data/op/select.h"
#include "data/op/with_column.h"

namespace {

namespace sd = shoal::data;

/// One of each kind.
struct Samples {
  std::vector<sd::Shipped<sd::Source>> sources{};
  std::vector<sd::Shipped<sd::Step>> steps{};

  void add(const sd::NodePtr& node) {
    if (const auto source = node->source()) sources.push_back(source->ship().value());
    if (const auto step = node->step()) steps.push_back(step->ship().value());
  }
  static Samples all() {
    Samples samples;
    const sd::NodePtr range = sd::make_range(3).value();
    const sd::NodePtr table =
        sd::make_from_arrow(arrow::Table::MakeEmpty(arrow::schema({arrow::field("id", arrow::int64())})).ValueOrDie())
            .value();
    for (const sd::NodePtr& node :
         {range, sd::make_range_tensor(3, {}).value(), table, sd::make_select(range, {"id"}).value(),
          sd::make_drop(range, {"id"}).value(), sd::make_rename(range, {{"id", "n"}}).value(),
          sd::make_with_column(range, "n", sd::col("id") + 1).value(), sd::make_filter(range, sd::col("id") > 1),
          sd::make_read_text({"x"}, {}).value(), sd::make_read_binary({"x"}, {}).value(),
          sd::make_read_images({"x"}, {}).value(), sd::make_read_parquet({"x"}).value(),
          sd::make_read_parquet({"x"}).value()->input(), sd::make_list_files({.uris = {"x"}}).value()}) {
      samples.add(node);
    }
    samples.steps.push_back(sd::make_fragment_limit(3)->ship().value());
    samples.steps.push_back(sd::make_block_merge()->ship().value());
    return samples;
  }
};

template <class Part>
void try_as(const sd::Shipped<Part>& sample, const shoal::Payload& arguments) {
  const auto made = sample.remake(arguments);
  if (!made.ok()) return;
  const auto again = (*made)->ship();
  if (!again.ok() || !again->remake(again->arguments).ok()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Samples samples = Samples::all();
  if (size == 0) return 0;
  // A table's bytes stand beside the others.
  const std::size_t beside = size > 1 ? data[1] % size : 0;
  shoal::Payload arguments(size - 1 - beside);
  std::memcpy(arguments.data(), data + 1, arguments.size());
  const auto part = std::make_shared<const std::vector<std::uint8_t>>(data + size - beside, data + size);
  arguments.set_beside({}, {shoal::SharedBytes{.holder = part, .bytes = *part}});
  const std::size_t which = data[0] % (samples.sources.size() + samples.steps.size());
  if (which < samples.sources.size()) {
    try_as(samples.sources[which], arguments);
  } else {
    try_as(samples.steps[which - samples.sources.size()], arguments);
  }
  return 0;
}
