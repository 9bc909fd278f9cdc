#include "data/io/posix_file.h"

#include <gtest/gtest.h>

#include "base/testing/temp_folder.h"

namespace shoal::data {
namespace {

TEST(PosixFile, AFolderThatCannotBeFlushedIsNoError) {
  TempFolder folder;
  EXPECT_TRUE(sync_folder(folder.path()).ok());
  EXPECT_TRUE(sync_folder("/proc").ok()) << "its fsync() is EINVAL, as that of some network file systems";
  EXPECT_EQ(sync_folder(folder / "none").code(), ErrorCode::not_found);
}

}  // namespace
}  // namespace shoal::data
