#include "store/memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/child.h"
#include "base/testing/small_disk.h"
#include "store/pins.h"

namespace shoal::store {
namespace {

using Access = Mapping::Access;
using Reserve = SharedMemory::Reserve;

constexpr std::uint64_t k_mib = std::uint64_t{1} << 20;

std::uint64_t allocated(int descriptor) {
  struct stat state{};
  EXPECT_EQ(fstat(descriptor, &state), 0);
  return static_cast<std::uint64_t>(state.st_blocks) * 512;
}

TEST(SharedMemory, IsReservedAndSeenByAllWhoMapIt) {
  const SharedMemory memory = SharedMemory::create(k_mib).value_or_throw();
  EXPECT_EQ(allocated(memory.writer()), k_mib) << "nobody may get SIGBUS later";
  const Mapping writes = Mapping::map(memory.writer(), k_mib, Access::write).value_or_throw();
  const Fd reading = memory.reader().value_or_throw();
  const Mapping reads = Mapping::map(reading.get(), k_mib, Access::read).value_or_throw();
  std::memset(writes.bytes().data(), 7, k_mib);
  EXPECT_TRUE(
      std::all_of(reads.bytes().begin(), reads.bytes().end(), [](std::byte each) { return each == std::byte(7); }));
}

TEST(SharedMemory, CannotShrinkOrGrow) {
  const SharedMemory memory = SharedMemory::create(k_mib).value_or_throw();
  EXPECT_NE(ftruncate(memory.writer(), k_mib / 2), 0);
  EXPECT_NE(ftruncate(memory.writer(), 2 * k_mib), 0);
  EXPECT_NE(fcntl(memory.writer(), F_GETFD) & FD_CLOEXEC, 0) << "programs that are started do not inherit it";
}

TEST(SharedMemory, AReaderCanWriteByNoMeans) {
  const SharedMemory memory = SharedMemory::create(k_mib).value_or_throw();
  const Fd reading = memory.reader().value_or_throw();
  EXPECT_EQ(Mapping::map(reading.get(), k_mib, Access::write).status().code(), ErrorCode::permission_denied);
  EXPECT_NE(write(reading.get(), "x", 1), 1);
  const Mapping reads = Mapping::map(reading.get(), k_mib, Access::read).value_or_throw();
  EXPECT_NE(mprotect(reads.bytes().data(), k_mib, PROT_READ | PROT_WRITE), 0);
}

TEST(SharedMemoryDeathTest, AWriteToASealedObjectFaults) {
  const SharedMemory memory = SharedMemory::create(k_mib).value_or_throw();
  const Fd reading = memory.reader().value_or_throw();
  const Mapping reads = Mapping::map(reading.get(), k_mib, Access::read).value_or_throw();
  // Sanitizers turn the signal into a report and an end of their own.
  EXPECT_DEATH({ *const_cast<volatile std::byte*>(reads.bytes().data() + 100) = std::byte(1); }, "");
}

TEST(SharedMemory, GivesItsPagesBackWhoeverMapsThem) {
  SharedMemory memory = SharedMemory::create(k_mib).value_or_throw();
  const Mapping writes = Mapping::map(memory.writer(), k_mib, Access::write).value_or_throw();
  std::memset(writes.bytes().data(), 7, k_mib);
  EXPECT_TRUE(memory.discard().ok());
  EXPECT_EQ(allocated(memory.writer()), 0u);
  EXPECT_EQ(writes.bytes()[5], std::byte(0));
}

TEST(SharedMemory, SaysWhatItCannotReserve) {
  // Sizes that no system has: one that a system lacks only now would make it end processes, should the check be wrong.
  EXPECT_EQ(SharedMemory::create(0).status().code(), ErrorCode::no_space);
  const Status status = SharedMemory::create(UINT64_MAX).status();
  EXPECT_EQ(status.code(), ErrorCode::no_space);
  EXPECT_THAT(status.text(), ::testing::HasSubstr(std::to_string(UINT64_MAX)));
}

TEST(SharedMemory, IsRefusedBeforeTheSystemWouldEndProcesses) {
  EXPECT_GT(available_memory().value_or(0), k_mib);
  EXPECT_TRUE(reserve_fits(15 * k_mib, 16 * k_mib));
  EXPECT_FALSE(reserve_fits(15 * k_mib + 1, 16 * k_mib));
  EXPECT_FALSE(reserve_fits(UINT64_MAX, 16 * k_mib));
}

TEST(SharedMemory, OfATableTakesOnlyWhatIsTouched) {
  const SharedMemory memory = SharedMemory::create(64 * k_mib, Reserve::when_touched).value_or_throw();
  const Mapping writes = Mapping::map(memory.writer(), 64 * k_mib, Access::write).value_or_throw();
  writes.bytes()[63 * k_mib] = std::byte(1);
  EXPECT_LT(allocated(memory.writer()), 4 * k_mib);
}

TEST(SharedMemory, OnDiskIsReservedAndHasNoName) {
  const auto folder = std::filesystem::temp_directory_path() / ("shoal-memory-test-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  {
    SharedMemory memory = SharedMemory::create_on_disk(k_mib, folder).value_or_throw();
    EXPECT_GE(allocated(memory.writer()), k_mib);
    EXPECT_TRUE(std::filesystem::is_empty(folder));
    const Mapping writes = Mapping::map(memory.writer(), k_mib, Access::write).value_or_throw();
    std::memset(writes.bytes().data(), 7, k_mib);
    const Fd reading = memory.reader().value_or_throw();
    EXPECT_EQ(Mapping::map(reading.get(), k_mib, Access::read).value_or_throw().bytes()[9], std::byte(7));
    EXPECT_EQ(Mapping::map(reading.get(), k_mib, Access::write).status().code(), ErrorCode::permission_denied);
  }
  std::filesystem::remove_all(folder);
  const Status status = SharedMemory::create_on_disk(k_mib, folder).status();
  EXPECT_EQ(status.code(), ErrorCode::io);
  EXPECT_THAT(status.text(), ::testing::HasSubstr(folder.string()));
}

/// In a child with a mount namespace of its own.
int fill_more_than_dev_shm() {
  if (!testing::mount_small_disk("/dev/shm", 64)) return 0;
  struct statvfs shm{};
  if (statvfs("/dev/shm", &shm) != 0 || shm.f_blocks * shm.f_frsize != 64 * k_mib) return 1;
  const SharedMemory memory = SharedMemory::create(256 * k_mib).value_or_throw();
  const Mapping writes = Mapping::map(memory.writer(), 256 * k_mib, Access::write).value_or_throw();
  std::memset(writes.bytes().data(), 7, 256 * k_mib);
  std::puts("filled");
  std::fflush(stdout);
  return 0;
}

TEST(SharedMemory, WorksWhereDevShmIsSmall) {
  testing::Child child(fill_more_than_dev_shm);
  ASSERT_EQ(child.wait(), 0) << child.output();
  if (child.output().find("not permitted") != std::string::npos) {
    GTEST_SKIP() << "a file system of 64 MiB over /dev/shm needs the right to mount";
  }
  EXPECT_THAT(child.output(), ::testing::HasSubstr("filled"));
}

/// The whole way of a pin between processes: shared tables, a reader that is killed while it pins.
TEST(SharedPins, OfAKilledProcessAreGone) {
  constexpr std::size_t k_slots = 1024;
  const std::uint64_t directory_bytes = k_slots * sizeof(DirectoryWord), table_bytes = k_slots * sizeof(PinCount);
  const SharedMemory directory = SharedMemory::create(directory_bytes).value_or_throw();
  const SharedMemory table = SharedMemory::create(table_bytes).value_or_throw();
  const Mapping words = Mapping::map(directory.writer(), directory_bytes, Access::write).value_or_throw();
  const Mapping counts = Mapping::map(table.writer(), table_bytes, Access::read).value_or_throw();
  PinBoard board(words.as<DirectoryWord>(k_slots));
  const ProcessId reader{1, 1};
  board.attach(reader, counts.as<const PinCount>(k_slots));
  const Residence stay = board.open(board.take_slot().value());
  const Fd reading = directory.reader().value_or_throw();

  testing::Child child([&] {
    const Mapping seen = Mapping::map(reading.get(), directory_bytes, Access::read).value_or_throw();
    const Mapping own = Mapping::map(table.writer(), table_bytes, Access::write).value_or_throw();
    PinTable pins(own.as<PinCount>(k_slots), seen.as<const DirectoryWord>(k_slots));
    if (pins.pin(stay) != PinTable::Pin::held) return 1;
    write(STDOUT_FILENO, "pinned\n", 7) == 7 ? pause() : 0;
    return 2;
  });
  ASSERT_TRUE(child.wait_for("pinned"));
  EXPECT_FALSE(board.close(stay));
  board.reopen(stay);
  child.send(SIGKILL);
  EXPECT_TRUE(WIFSIGNALED(child.wait()));
  EXPECT_TRUE(board.is_pinned(stay.slot)) << "nobody has told the daemon yet";
  board.detach(reader);
  EXPECT_TRUE(board.close(stay));
}

}  // namespace
}  // namespace shoal::store
