// The core with real memory and real files, on a disk that is smaller than what is put.

#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/child.h"
#include "base/testing/small_disk.h"
#include "base/testing/temp_folder.h"
#include "store/core.h"
#include "store/memory.h"
#include "store/spill_files.h"
#include "store/testing/machine.h"

namespace shoal::store {
namespace {

/// A daemon that does at once what its core asks for, and the processes' mappings.
class RealMachine {
 public:
  RealMachine(std::uint64_t capacity, const std::string& folder)
      : directory_(256),
        counts_(256),
        board_(directory_),
        files_(SpillFiles::open({.folders = {folder}, .segment_bytes = 2 << 20}).value_or_throw()),
        core_({.capacity_bytes = capacity, .warm_bytes_max = 0}, board_) {
    board_.attach(k_a, counts_);
    core_.attach(k_a, 1);
  }

  /// What became of a ticket; it is released.
  std::pair<Admitted, Status> ask(std::vector<ObjectId> objects, std::uint64_t bytes) {
    const TicketId ticket{1, k_a, ++tickets_};
    core_.ask({ticket, std::move(objects), bytes}).throw_if_error();
    answer_ = {};
    serve();
    std::pair<Admitted, Status> answer = std::exchange(answer_, {});
    for (const Located& each : answer.first.objects) {
      const std::span<std::byte> bytes_there = mapped_.at(each.place.extent).bytes();
      read_[each.object] = {bytes_there.begin() + static_cast<std::ptrdiff_t>(each.place.offset),
                            bytes_there.begin() + static_cast<std::ptrdiff_t>(each.place.offset + each.place.bytes)};
    }
    core_.release(ticket);
    serve();
    return answer;
  }
  Status put(ObjectId id, std::uint64_t bytes) {
    const auto [admitted, status] = ask({}, bytes);
    if (!status.ok()) return status;
    std::memset(mapped_.at(admitted.extent.extent).bytes().data(), static_cast<int>(id.n), bytes);
    SHOAL_RETURN_IF_ERROR(core_.seal(k_a, id, {admitted.extent.extent, 0, bytes}));
    core_.return_extent(k_a, admitted.extent.extent);
    serve();
    return {};
  }
  /// Whether a ticket for it reads what was put.
  bool reads(ObjectId id, std::uint64_t bytes) {
    return ask({id}, 0).second.ok() && read_[id] == std::vector(bytes, static_cast<std::byte>(id.n));
  }
  void drop(ObjectId id) {
    core_.drop(id);
    serve();
  }
  Core::Usage usage() const { return core_.usage(); }
  std::size_t extents() const { return extents_.size(); }
  SpillFiles::Usage spilled() const { return files_->usage(); }

 private:
  void serve() {
    Actions actions;
    for (core_.take_actions(actions); !actions.empty(); core_.take_actions(actions)) {
      for (const Action& action : actions) {
        std::visit([&](const auto& what) { act(what); }, action);
      }
    }
  }
  template <class T>
  void act(const T&) {}
  void act(const CreateExtent& create) {
    Result<SharedMemory> memory = create.on_disk ? SharedMemory::create_on_disk(create.bytes, files_->roomiest())
                                                 : SharedMemory::create(create.bytes);
    if (!memory.ok()) return core_.on_extent_failed(create.extent, memory.status());
    // The one process writes and reads here; that readers cannot write is memory_test's.
    mapped_[create.extent] = Mapping::map(memory->writer(), create.bytes, Mapping::Access::write).value_or_throw();
    extents_.emplace(create.extent, std::move(*memory));
    core_.on_extent_created(create.extent);
  }
  void act(const ReclaimExtent& reclaim) {
    extents_.at(reclaim.extent).discard().throw_if_error();
    mapped_.erase(reclaim.extent);
    extents_.erase(reclaim.extent);
  }
  void act(const WriteSpill& write) {
    const Status status = files_->write(write.key, at(write.from));
    status.ok() ? core_.on_spill_written(write.key) : core_.on_spill_failed(write.key, status);
  }
  void act(const ReadSpill& read) {
    const Status status = files_->read(read.key, at(read.to));
    status.ok() ? core_.on_restored(read.key) : core_.on_restore_failed(read.key, status);
  }
  void act(const DeleteSpill& remove) { files_->remove(remove.key); }
  void act(const Admitted& admitted) { answer_.first = admitted; }
  void act(const Failed& failed) { answer_.second = failed.status; }
  std::span<std::byte> at(const Place& place) {
    return mapped_.at(place.extent).bytes().subspan(place.offset, place.bytes);
  }

  std::vector<DirectoryWord> directory_;
  std::vector<PinCount> counts_;
  PinBoard board_;
  std::unique_ptr<SpillFiles> files_;
  Core core_;
  std::map<ExtentId, SharedMemory> extents_;
  std::map<ExtentId, Mapping> mapped_;
  std::map<ObjectId, std::vector<std::byte>> read_;
  std::pair<Admitted, Status> answer_;
  std::uint64_t tickets_ = 0;
};

/// In a child with a mount namespace of its own: 4 MiB of memory, 8 MiB of disk.
int fill_memory_and_disk(const std::string& folder) {
  if (!testing::mount_small_disk(folder, 8)) return 0;
  constexpr std::uint64_t k_bytes = 1 << 20;
  const auto object = [](std::uint64_t n) { return ObjectId{k_a, n}; };
  RealMachine machine(4 * k_bytes, folder);
  std::uint64_t count = 0;
  Status status;
  while (count < 20 && (status = machine.put(object(count + 1), k_bytes)).ok()) ++count;
  // What is on both is counted twice, and the lock takes a page.
  if (count < 10 || count > 12 || status.code() != ErrorCode::no_space) return 3;
  if (status.text().find(folder) == std::string::npos) return 4;
  for (std::uint64_t n = 4; n <= count; ++n) machine.drop(object(n));
  for (std::uint64_t n = 1; n <= 3; ++n) {
    if (!machine.reads(object(n), k_bytes)) return 5;
  }
  if (!machine.put(object(100), 2 * k_bytes).ok() || !machine.reads(object(100), 2 * k_bytes)) return 6;
  for (const std::uint64_t n : {1, 2, 3, 100}) {
    if (!machine.reads(object(n), n == 100 ? 2 * k_bytes : k_bytes)) return 7;
    machine.drop(object(n));
  }
  if (machine.usage() != Core::Usage() || machine.extents() != 0) return 8;
  if (machine.spilled() != SpillFiles::Usage()) return 9;
  std::puts("recovered");
  std::fflush(stdout);
  return 0;
}

TEST(RealStore, FillsMemoryAndDiskSaysSoAndRecovers) {
  const TempFolder folder;
  testing::Child child([&] { return fill_memory_and_disk(folder.path()); });
  const int ended = child.wait();
  ASSERT_EQ(ended, 0) << (ended >> 8) << child.output();
  if (child.output().find("not permitted") != std::string::npos) {
    GTEST_SKIP() << "a small file system needs the right to mount";
  }
  EXPECT_THAT(child.output(), ::testing::HasSubstr("recovered"));
}

}  // namespace
}  // namespace shoal::store
