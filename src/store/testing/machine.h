#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "store/core.h"
#include "store/limits.h"
#include "store/pins.h"

namespace shoal::store {

inline constexpr std::uint64_t k_page = k_page_bytes;
inline constexpr ProcessId k_a{1, 1}, k_b{1, 2};

/// A core with its shell, for tests: extents are bytes of this process, the disk is a map, and I/O ends when the test
/// says so.
class Machine {
 public:
  explicit Machine(Core::Options options, std::size_t slots = 256)
      : directory(slots), board(directory), capacity(options.capacity_bytes), core(options, board) {}

  void attach(ProcessId process, JobId job = 1) {
    counts[process] = std::make_unique<std::vector<PinCount>>(directory.size());
    board.attach(process, *counts[process]);
    core.attach(process, job);
  }
  PinTable table(ProcessId process) { return {*counts.at(process), directory}; }
  void die(ProcessId process) {
    core.on_process_died(process);
    counts.erase(process);
    take();
  }

  /// Sorts what the core asks for: I/O waits in `io`, words to processes in `said`; the rest happens.
  void take() {
    Actions actions;
    core.take_actions(actions);
    for (Action& action : actions) {
      log += std::to_string(action.index()) + " ";
      if (const auto* create = std::get_if<CreateExtent>(&action)) {
        if (!create->on_disk) memory += create->bytes;
        sizes[create->extent] = *create;
        io.push_back(action);
      } else if (const auto* reclaim = std::get_if<ReclaimExtent>(&action)) {
        forget(reclaim->extent);
        EXPECT_EQ(extents.erase(reclaim->extent), 1u) << "it was not there";
      } else if (const auto* remove = std::get_if<DeleteSpill>(&action)) {
        EXPECT_EQ(disk.erase(remove->key), 1u) << "nothing was spilled under this key";
      } else if (std::holds_alternative<WriteSpill>(action) || std::holds_alternative<ReadSpill>(action)) {
        io.push_back(action);
      } else {
        said.push_back(std::move(action));
      }
    }
    EXPECT_LE(memory, capacity);
    EXPECT_EQ(memory, core.usage().memory_bytes);
  }

  /// Ends one action; `fault` as the system would.
  void end_io(std::size_t which, const Status& fault = {}) {
    const Action action = io.at(which);
    io.erase(io.begin() + static_cast<std::ptrdiff_t>(which));
    if (const auto* create = std::get_if<CreateExtent>(&action)) {
      if (fault.ok()) extents[create->extent].resize(create->bytes);
      else forget(create->extent);
      fault.ok() ? core.on_extent_created(create->extent) : core.on_extent_failed(create->extent, fault);
    } else if (const auto* write = std::get_if<WriteSpill>(&action)) {
      if (fault.ok()) disk[write->key] = read(write->from);
      fault.ok() ? core.on_spill_written(write->key) : core.on_spill_failed(write->key, fault);
    } else if (const auto* back = std::get_if<ReadSpill>(&action)) {
      if (fault.ok()) write_bytes(back->to, disk.at(back->key));
      fault.ok() ? core.on_restored(back->key) : core.on_restore_failed(back->key, fault);
    }
    take();
  }
  void end_all_io() {
    take();
    while (!io.empty()) end_io(0);
  }

  std::vector<std::byte> read(const Place& place) {
    const auto at = extents.find(place.extent);
    if (at == extents.end() || place.offset + place.bytes > at->second.size()) return {};
    const auto begin = at->second.begin() + static_cast<std::ptrdiff_t>(place.offset);
    return {begin, begin + static_cast<std::ptrdiff_t>(place.bytes)};
  }
  void write(const Place& place, std::byte each) { write_bytes(place, std::vector(place.bytes, each)); }
  void write_bytes(const Place& place, const std::vector<std::byte>& bytes) {
    ASSERT_EQ(bytes.size(), place.bytes);
    std::vector<std::byte>& extent = extents.at(place.extent);
    ASSERT_LE(place.offset + place.bytes, extent.size());
    std::copy(bytes.begin(), bytes.end(), extent.begin() + static_cast<std::ptrdiff_t>(place.offset));
  }

  /// The oldest word of this kind, taken out; a failure and an empty one where there is none.
  template <class T>
  T next() {
    for (auto at = said.begin(); at != said.end(); ++at) {
      if (!std::holds_alternative<T>(*at)) continue;
      T found = std::move(std::get<T>(*at));
      said.erase(at);
      return found;
    }
    ADD_FAILURE() << "nothing of this kind was said";
    return {};
  }
  template <class T>
  std::size_t count() const {
    std::size_t found = 0;
    for (const Action& each : said) found += std::holds_alternative<T>(each) ? 1 : 0;
    return found;
  }

  std::vector<DirectoryWord> directory;
  std::map<ProcessId, std::unique_ptr<std::vector<PinCount>>> counts;
  PinBoard board;
  const std::uint64_t capacity;
  Core core;
  std::map<ExtentId, std::vector<std::byte>> extents;
  std::map<ExtentId, CreateExtent> sizes;
  std::map<std::uint64_t, std::vector<std::byte>> disk;
  std::vector<Action> io, said;
  std::uint64_t memory = 0;  // of extents that were asked for and not given back
  std::string log;

 private:
  void forget(ExtentId extent) {
    const auto at = sizes.find(extent);
    ASSERT_NE(at, sizes.end());
    if (!at->second.on_disk) memory -= at->second.bytes;
    sizes.erase(at);
  }
};

}  // namespace shoal::store
