#include "shell/mapped_extent.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "shell/limits.h"
#include "store/limits.h"

namespace shoal::shell {
namespace {

constexpr std::uint64_t k_extent_pages = 64;
constexpr std::uint64_t k_extent_bytes = k_extent_pages * store::k_page_bytes;

class MappedExtents : public ::testing::Test {
 protected:
  wire::ExtentIs message(bool is_writable) const {
    wire::ExtentIs is{.extent = 1, .bytes = k_extent_bytes, .is_writable = is_writable, .files = {}};
    is.files.files.push_back(std::make_shared<const Fd>(is_writable ? Fd(::fcntl(memory_.writer(), F_DUPFD_CLOEXEC, 0))
                                                                    : memory_.reader().value_or_throw()));
    return is;
  }
  const store::SharedMemory memory_ = store::SharedMemory::create(k_extent_bytes).value_or_throw();
};

/// How many of its pages are in this process's tables to be written (proc(5): pagemap, bit 63).
std::uint64_t pages_in_tables(const MappedExtent& extent) {
  const Fd map(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
  std::vector<std::uint64_t> entries(k_extent_pages);
  const auto first = reinterpret_cast<std::uintptr_t>(extent.to_write().data()) / store::k_page_bytes;
  const auto bytes = static_cast<ssize_t>(k_extent_pages * sizeof(std::uint64_t));
  EXPECT_EQ(::pread(map.get(), entries.data(), static_cast<std::size_t>(bytes),
                    static_cast<off_t>(first * sizeof(std::uint64_t))),
            bytes);
  return static_cast<std::uint64_t>(std::ranges::count_if(entries, [](std::uint64_t each) { return each >> 63 == 1; }));
}

std::vector<std::uint8_t> bytes_of(std::size_t count, std::uint8_t value) {
  return std::vector<std::uint8_t>(count, value);
}

TEST_F(MappedExtents, AreFilledWhereverTheirPagesAre) {
  const auto extent = MappedExtent::map(message(true)).value_or_throw();
  const auto other = MappedExtent::map(message(false)).value_or_throw();
  EXPECT_TRUE(other->to_write().empty());
  extent->fill(0, bytes_of(10'000, 1));
  EXPECT_EQ(pages_in_tables(*extent), 0U) << "the system wrote them";
  extent->touch(20'000);
  EXPECT_EQ(pages_in_tables(*extent), 5U);
  extent->fill(10'000, bytes_of(5'000, 2));
  extent->fill(15'000, bytes_of(10'000, 3));
  EXPECT_EQ(pages_in_tables(*extent), 5U) << "part of it is not in the tables";
  const auto at = [&](std::size_t place) { return std::to_integer<int>(other->to_read()[place]); };
  for (const std::size_t place : {0U, 9'999U}) EXPECT_EQ(at(place), 1);
  for (const std::size_t place : {10'000U, 14'999U}) EXPECT_EQ(at(place), 2);
  for (const std::size_t place : {15'000U, 24'999U}) EXPECT_EQ(at(place), 3);
  EXPECT_EQ(at(25'000), 0);
}

TEST_F(MappedExtents, AreInTheTablesOnceTheyAreUsedOften) {
  const auto extent = MappedExtent::map(message(true)).value_or_throw();
  for (int use = 0; use < k_uses_unmapped; ++use) extent->begin_use();
  EXPECT_EQ(pages_in_tables(*extent), 0U);
  extent->begin_use();
  EXPECT_EQ(pages_in_tables(*extent), k_extent_pages);
  extent->begin_use();
  extent->fill(k_extent_bytes - 1, bytes_of(1, 9));
  EXPECT_EQ(extent->to_read()[k_extent_bytes - 1], std::byte(9));
}

TEST_F(MappedExtents, SayWhatIsAmiss) {
  EXPECT_EQ(MappedExtent::map({.extent = 1, .bytes = k_extent_bytes, .is_writable = true, .files = {}}).status().code(),
            ErrorCode::corrupt_data);
  wire::ExtentIs is = message(false);
  is.is_writable = true;
  EXPECT_EQ(MappedExtent::map(is).status().code(), ErrorCode::permission_denied);
}

}  // namespace
}  // namespace shoal::shell
