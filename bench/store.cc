// The lines of the store: its own parts, daemon and client in one process and without messages. Prints one JSON line.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <variant>
#include <vector>

#include "measure.h"
#include "store/core.h"
#include "store/limits.h"
#include "store/memory.h"
#include "store/pins.h"
#include "store/spill_files.h"
#include "store/writer.h"

namespace {

using namespace shoal;
using bench::Clock;
using bench::Measured;
using bench::seconds_since;

constexpr std::uint64_t k_mib = std::uint64_t{1} << 20;
const ProcessId k_self{1, 1};

/// A daemon that answers at once, and one process of its.
class Store {
 public:
  Store()
      : directory_(store::SharedMemory::create(k_slots * sizeof(store::DirectoryWord)).value_or_throw()),
        table_(store::SharedMemory::create(k_slots * sizeof(store::PinCount)).value_or_throw()),
        words_(map(directory_)),
        counts_(map(table_)),
        board_(words_.as<store::DirectoryWord>(k_slots)),
        core_({.capacity_bytes = 1024 * k_mib, .has_disk = false}, board_),
        pins_(counts_.as<store::PinCount>(k_slots), words_.as<const store::DirectoryWord>(k_slots)) {
    board_.attach(k_self, counts_.as<const store::PinCount>(k_slots));
    core_.attach(k_self, 1);
  }

  ObjectId put(const std::byte* bytes, std::uint64_t size) {
    auto piece = writer_.allocate(size);
    if (!piece) {
      ask({}, writer_.extent_bytes(size));
      piece = writer_.allocate(size);
    }
    std::memcpy(piece->bytes.data(), bytes, size);
    const ObjectId id{k_self, ++objects_};
    core_.seal(k_self, id, writer_.seal(*piece, size)).throw_if_error();
    return id;
  }
  void drop(ObjectId id) { core_.drop(id); }
  store::Located locate(ObjectId id) { return ask({id}, 0).objects.at(0); }
  const std::byte* at(const store::Place& place) { return mapped_.at(place.extent).bytes().data() + place.offset; }
  store::PinTable& pins() { return pins_; }

 private:
  static constexpr std::size_t k_slots = 1 << 18;

  static store::Mapping map(const store::SharedMemory& memory) {
    return store::Mapping::map(memory.writer(), memory.bytes(), store::Mapping::Access::write).value_or_throw();
  }
  store::Admitted ask(std::vector<ObjectId> objects, std::uint64_t bytes) {
    const store::TicketId ticket{1, k_self, ++tickets_};
    core_.ask({ticket, std::move(objects), bytes}).throw_if_error();
    store::Admitted admitted = serve();
    core_.release(ticket);
    if (admitted.extent.extent != 0) {
      writer_.add(admitted.extent.extent, mapped_.at(admitted.extent.extent).bytes());
      for (const store::ExtentId each : writer_.take_returned()) core_.return_extent(k_self, each);
      serve();
    }
    return admitted;
  }
  store::Admitted serve() {
    store::Admitted admitted;
    store::Actions actions;
    for (core_.take_actions(actions); !actions.empty(); core_.take_actions(actions)) {
      for (store::Action& each : actions) {
        if (auto* create = std::get_if<store::CreateExtent>(&each)) {
          extents_.emplace(create->extent, store::SharedMemory::create(create->bytes).value_or_throw());
          mapped_[create->extent] = map(extents_.at(create->extent));
          core_.on_extent_created(create->extent);
        } else if (auto* reclaim = std::get_if<store::ReclaimExtent>(&each)) {
          mapped_.erase(reclaim->extent);
          extents_.erase(reclaim->extent);
        } else if (auto* answer = std::get_if<store::Admitted>(&each)) {
          admitted = std::move(*answer);
        } else if (auto* failed = std::get_if<store::Failed>(&each)) {
          failed->status.throw_if_error();
        }
      }
    }
    return admitted;
  }

  store::SharedMemory directory_, table_;
  store::Mapping words_, counts_;
  store::PinBoard board_;
  store::Core core_;
  store::PinTable pins_;
  store::Writer writer_;
  std::map<store::ExtentId, store::SharedMemory> extents_;
  std::map<store::ExtentId, store::Mapping> mapped_;
  std::uint64_t objects_ = 0, tickets_ = 0;
};

/// GB/s of putting 256 MiB, again and again; each is dropped when the next is there, so its pages are warm.
Measured put_large(std::int64_t rounds) {
  Store store;
  const std::vector<std::byte> bytes(256 * k_mib, std::byte(1));
  ObjectId before = store.put(bytes.data(), bytes.size()), next = store.put(bytes.data(), bytes.size());
  store.drop(before);
  const auto start = Clock::now();
  for (std::int64_t i = 0; i < rounds; ++i) {
    before = std::exchange(next, store.put(bytes.data(), bytes.size()));
    store.drop(before);
  }
  return {static_cast<double>(rounds) * 256 * k_mib / seconds_since(start) / 1e9, rounds};
}

/// GB/s of the first put of a process: fresh pages.
Measured put_large_fresh(std::int64_t) {
  const std::vector<std::byte> bytes(256 * k_mib, std::byte(1));
  Store store;
  const auto start = Clock::now();
  store.put(bytes.data(), bytes.size());
  return {256.0 * k_mib / seconds_since(start) / 1e9, 1};
}

/// Objects of 1 KiB a second: copied, sealed, and dropped when 30,000 came after them.
Measured put_small(std::int64_t count) {
  Store store;
  const std::vector<std::byte> bytes(1024, std::byte(1));
  std::vector<ObjectId> alive(30'000);
  for (ObjectId& each : alive) each = store.put(bytes.data(), bytes.size());
  const auto start = Clock::now();
  for (std::int64_t i = 0; i < count; ++i) {
    ObjectId& oldest = alive[static_cast<std::size_t>(i) % alive.size()];
    store.drop(std::exchange(oldest, store.put(bytes.data(), bytes.size())));
  }
  return {static_cast<double>(count) / seconds_since(start), count};
}

/// Gets of 1 KiB a second of objects that were read before: pin, look at the bytes, unpin.
Measured get_small(std::int64_t count) {
  Store store;
  const std::vector<std::byte> bytes(1024, std::byte(1));
  std::vector<store::Located> known;
  for (int i = 0; i < 10'000; ++i) known.push_back(store.locate(store.put(bytes.data(), bytes.size())));
  std::vector<const std::byte*> at;
  for (const store::Located& each : known) at.push_back(store.at(each.place));
  std::uint64_t sum = 0;
  const auto start = Clock::now();
  for (std::int64_t i = 0; i < count; ++i) {
    const std::size_t which = static_cast<std::size_t>(i) % known.size();
    if (store.pins().pin(known[which].residence) != store::PinTable::Pin::held) std::exit(1);
    sum += static_cast<std::uint64_t>(at[which][0]) + static_cast<std::uint64_t>(at[which][1023]);
    if (store.pins().unpin(known[which].residence)) std::exit(1);
  }
  const double seconds = seconds_since(start);
  if (sum != 2 * static_cast<std::uint64_t>(count)) std::exit(1);
  return {static_cast<double>(count) / seconds, count};
}

// --- Disk.

constexpr std::uint64_t k_object = 8 * k_mib;

void sync_folder(const std::string& folder) {
  const int opened = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0 || syncfs(opened) != 0) std::exit(1);
  close(opened);
}

/// What was written is on the disk and no longer in memory.
void forget_cached(const std::string& folder) {
  sync_folder(folder);
  for (const auto& each : std::filesystem::recursive_directory_iterator(folder)) {
    if (!each.is_regular_file()) continue;
    const int file = open(each.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) continue;
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    close(file);
  }
}

/// GB/s of spilling so many MiB, until they are on the disk; or of reading them back from it.
Measured spill(std::int64_t mib, const std::string& folder, bool reads) {
  std::filesystem::create_directories(folder);
  const auto files = store::SpillFiles::open({.folders = {folder}}).value_or_throw();
  const std::uint64_t count = static_cast<std::uint64_t>(mib) * k_mib / k_object;
  std::vector<std::byte> bytes(k_object);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 2654435761u >> 13);
  sync_folder(folder);
  auto start = Clock::now();
  for (std::uint64_t key = 0; key < count; ++key) files->write(key, bytes).throw_if_error();
  sync_folder(folder);
  if (reads) {
    forget_cached(folder);
    start = Clock::now();
    for (std::uint64_t key = 0; key < count; ++key) files->read(key, bytes).throw_if_error();
  }
  return {static_cast<double>(count * k_object) / seconds_since(start) / 1e9, static_cast<std::int64_t>(count)};
}

const std::map<std::string, std::function<Measured(std::int64_t, const std::string&)>> k_lines = {
    {"put_large", [](std::int64_t n, const std::string&) { return put_large(n); }},
    {"put_large_fresh", [](std::int64_t n, const std::string&) { return put_large_fresh(n); }},
    {"put_small", [](std::int64_t n, const std::string&) { return put_small(n); }},
    {"get_small", [](std::int64_t n, const std::string&) { return get_small(n); }},
    {"spill_write", [](std::int64_t n, const std::string& folder) { return spill(n, folder, false); }},
    {"spill_read", [](std::int64_t n, const std::string& folder) { return spill(n, folder, true); }}};

}  // namespace

int main(int argc, char** argv) {
  const auto* const line = bench::find_line(k_lines, "bench_store", argc >= 3 ? argv[1] : "");
  if (line == nullptr) return 2;
  bench::print((*line)(std::atoll(argv[2]), argc > 3 ? argv[3] : "."));
}
