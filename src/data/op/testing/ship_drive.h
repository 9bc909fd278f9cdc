#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "data/op/ship.h"
#include "data/op/testing/drive.h"

namespace shoal::data {

/// The pipeline as another process gets it. The source's split_count() was called.
inline Result<std::shared_ptr<const Pipeline>> shipped(const Pipeline& pipeline) {
  SHOAL_ASSIGN_OR_RETURN(const Payload packed, pack_pipeline(pipeline));
  return unpack_pipeline(packed);
}

/// Every split of the plan gives the same pieces with the plan's own steps and with those that were made again elsewhere.
inline void expect_same_elsewhere(const NodePtr& plan, const DriveOptions& options = {}) {
  Pipeline here = fused(*plan);
  here.label = "here";
  const Result<std::int64_t> splits = here.source->split_count(options.parallelism, options.block_bytes);
  ASSERT_TRUE(splits.ok()) << splits.status().text();
  const auto there = shipped(here);
  ASSERT_TRUE(there.ok()) << there.status().text();
  EXPECT_EQ((*there)->label, here.label);
  EXPECT_EQ((*there)->source->label(), here.source->label());
  EXPECT_EQ((*there)->has_state(), here.has_state());
  ASSERT_EQ((*there)->steps.size(), here.steps.size());
  for (std::size_t i = 0; i < here.steps.size(); ++i) {
    EXPECT_EQ((*there)->steps[i]->label(), here.steps[i]->label());
    EXPECT_EQ((*there)->steps[i]->batch_rows(), here.steps[i]->batch_rows());
  }
  std::int64_t rows = 0;
  for (std::int64_t split = 0; split < *splits; ++split) {
    const auto expected = drive_split(here, split, options);
    const auto got = drive_split(**there, split, options);
    ASSERT_TRUE(expected.ok()) << expected.status().text();
    ASSERT_TRUE(got.ok()) << got.status().text();
    ASSERT_EQ(got->pieces.size(), expected->pieces.size());
    for (std::size_t i = 0; i < got->pieces.size(); ++i) {
      EXPECT_TRUE(got->pieces[i]->Equals(*expected->pieces[i], /*check_metadata=*/true))
          << got->pieces[i]->ToString() << " instead of " << expected->pieces[i]->ToString();
    }
    rows += expected->rows;
  }
  EXPECT_GT(rows, 0) << "the test has no rows to compare";
}

}  // namespace shoal::data
