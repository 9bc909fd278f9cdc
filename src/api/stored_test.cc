// Values that are too large for messages. With worker processes they lie in the machine's store.
#include <gtest/gtest.h>
#include <shoal/shoal.h>
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/testing/sessions.h"
#include "base/testing/child.h"
#include "base/testing/small_disk.h"
#include "base/testing/temp_folder.h"

namespace shoal {
namespace {

using testing::shared;
using Numbers = std::vector<std::uint64_t>;

class LargeValues : public testing::SessionTest {};
SHOAL_TEST_IN_SESSIONS(LargeValues);

constexpr std::size_t k_count = 100'000;  // 800 kB

Numbers numbers_from(std::uint64_t first, std::size_t count = k_count) {
  Numbers numbers(count);
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}
std::uint64_t sum_of(const Numbers& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), std::uint64_t{0});
}
Buffer bytes_of(std::uint8_t value, std::size_t size) {
  MutableBuffer buffer = create_buffer(size);
  std::memset(buffer.data(), value, size);
  return std::move(buffer).finish();
}
bool is_all(const Buffer& buffer, std::uint8_t value, std::size_t size) {
  return buffer.size() == size && std::string_view(reinterpret_cast<const char*>(buffer.data()), size) ==
                                      std::string(size, static_cast<char>(value));
}

TEST_P(LargeValues, AreArgumentsAndResults) {
  const Numbers numbers = numbers_from(5);
  EXPECT_EQ(get(submit(sum_of, numbers)), sum_of(numbers));
  EXPECT_EQ(get(submit([](std::uint64_t first) { return numbers_from(first); }, std::uint64_t{5})), numbers);
  const auto same = [](Numbers in) { return in; };
  EXPECT_EQ(get(submit(same, submit(same, submit(same, numbers)))), numbers);
}

TEST_P(LargeValues, ArePutAndShared) {
  const Ref<Numbers> ref = put(numbers_from(1));
  std::vector<Ref<std::uint64_t>> sums;
  for (int i = 0; i < 20; ++i) sums.push_back(submit(sum_of, ref));
  for (const std::uint64_t sum : get(sums)) EXPECT_EQ(sum, k_count * (k_count + 1) / 2);
  EXPECT_EQ(view(ref)->back(), k_count);
}

TEST_P(LargeValues, ComeByReferencesInValues) {
  using Refs = std::vector<Ref<Numbers>>;
  const auto make = [] {
    Refs refs;
    for (std::uint64_t i = 0; i < 3; ++i) refs.push_back(put(numbers_from(i)));
    return refs;
  };
  const Refs refs = get(submit(make));
  for (std::uint64_t i = 0; i < 3; ++i) EXPECT_EQ(get(refs[i]), numbers_from(i));
  const auto open = [](const Refs& in) { return get(in[1])[0] + get(in[2])[0]; };
  EXPECT_EQ(get(submit(open, refs)), 3);
  EXPECT_EQ(get(submit(open, submit(make))), 3);
}

TEST_P(LargeValues, AreBuffersInStructs) {
  struct Pair {
    int n = 0;
    Buffer left, right;
  };
  const auto swap = [](const Pair& in) { return Pair{in.n + 1, in.right, in.left}; };
  const Pair swapped = get(submit(swap, Pair{1, bytes_of(3, 200'000), bytes_of(4, 100)}));
  EXPECT_EQ(swapped.n, 2);
  EXPECT_TRUE(is_all(swapped.left, 4, 100));
  EXPECT_TRUE(is_all(swapped.right, 3, 200'000));
}

struct Rejected {
  int code = 0;
  Buffer bytes{};
};
const bool k_is_registered = (register_exception<Rejected>(), true);

TEST_P(LargeValues, AreInExceptions) {
  ASSERT_TRUE(k_is_registered);
  const auto reject = [](const Buffer& bytes) { throw Rejected{5, bytes}; };
  try {
    get(submit(reject, put(bytes_of(6, 200'000))));
    FAIL();
  } catch (const Rejected& rejected) {
    EXPECT_EQ(rejected.code, 5);
    EXPECT_TRUE(is_all(rejected.bytes, 6, 200'000));
  }
}

class Store {
 public:
  explicit Store(Buffer first) { kept_.push_back(std::move(first)); }
  void keep(const Buffer& more) { kept_.push_back(more); }
  Buffer last() const { return kept_.back(); }
  std::uint64_t bytes() const {
    std::uint64_t bytes = 0;
    for (const Buffer& each : kept_) bytes += each.size();
    return bytes;
  }

 private:
  std::vector<Buffer> kept_;
};

TEST_P(LargeValues, AreKeptByActors) {
  const Actor<Store> store = spawn<Store>(bytes_of(1, 100'000));
  for (std::uint8_t i = 2; i < 6; ++i) get(store.call(&Store::keep, bytes_of(i, 300'000)));
  EXPECT_EQ(get(store.call(&Store::bytes)), 1'300'000);
  const Ref<Buffer> last = store.call(&Store::last);
  EXPECT_TRUE(is_all(get(last), 5, 300'000));
  EXPECT_EQ(get(submit([](const Buffer& buffer) { return buffer.size(); }, last)), 300'000);
}

TEST_P(LargeValues, AreItemsOfStreams) {
  RefStream<Numbers> items = submit([](Sink<Numbers>& out) {
    for (std::uint64_t i = 0; i < 12; ++i) out.push(numbers_from(i));
  });
  std::uint64_t next = 0;
  for (const Ref<Numbers>& item : items) EXPECT_EQ(get(item), numbers_from(next++));
  EXPECT_EQ(next, 12);
}

TEST_P(LargeValues, ABufferThatWasPutCanStillBeReadAndPutAgain) {
  const Buffer buffer = bytes_of(9, 150'000);
  Ref<Buffer> first = put(buffer);
  first = Ref<Buffer>();
  const Ref<Buffer> second = put(buffer);
  EXPECT_TRUE(is_all(buffer, 9, 150'000));
  EXPECT_TRUE(is_all(get(second), 9, 150'000));
}

// --- Where they lie.

class Stored : public testing::SessionTest {};
INSTANTIATE_TEST_SUITE_P(Engines, Stored, ::testing::Values(testing::Engine::processes), testing::name_of_engine);

/// The line of /proc/self/maps that the address is in; empty where it is in none.
std::string mapping_of(const void* address) {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const std::size_t dash = line.find('-');
    const std::uintptr_t begin = std::stoull(line.substr(0, dash), nullptr, 16);
    const std::uintptr_t end = std::stoull(line.substr(dash + 1), nullptr, 16);
    if (begin <= at && at < end) return line;
  }
  return {};
}
bool is_read_only_store(const void* address) {
  const std::string line = mapping_of(address);
  return line.find(" r--s ") != std::string::npos && line.find("memfd:shoal") != std::string::npos;
}

TEST_P(Stored, ViewsLieInTheStore) {
  const Ref<Numbers> here = put(numbers_from(1));
  const Ref<Numbers> there = submit([] { return numbers_from(2); });
  EXPECT_TRUE(is_read_only_store(view(here)->data())) << mapping_of(view(here)->data());
  EXPECT_TRUE(is_read_only_store(view(there)->data())) << mapping_of(view(there)->data());
  const Ref<Buffer> buffer = put(bytes_of(7, 1 << 20));
  EXPECT_TRUE(is_read_only_store(get(buffer).data()));
  EXPECT_TRUE(get(submit([](const Buffer& bytes) { return is_read_only_store(bytes.data()); }, buffer)));
  EXPECT_FALSE(is_read_only_store(view(put(Numbers(10)))->data())) << "small ones travel";
}

TEST_P(Stored, WritingThroughAViewFaults) {
  const auto numbers = view(put(numbers_from(1)));
  auto* const first = const_cast<std::uint64_t*>(numbers->data());
  EXPECT_DEATH(*static_cast<volatile std::uint64_t*>(first) = 5, "");
  EXPECT_EQ((*numbers)[0], 1);
}

TEST_P(Stored, AreListedWithWhoPinsThem) {
  const Ref<Numbers> ref = put(numbers_from(1));
  const auto numbers = view(ref);
  const std::vector<store::ObjectInfo> objects = node_of_session()->store().objects();
  ASSERT_EQ(objects.size(), 1);
  EXPECT_GE(objects[0].bytes, k_count * sizeof(std::uint64_t));
  EXPECT_EQ(objects[0].object.owner, home_of_this_thread().self());
  ASSERT_EQ(objects[0].pins.size(), 1);
  EXPECT_EQ(objects[0].pins[0].second, 1);
}

TEST_P(Stored, WhatIsPassedOnIsNotCopied) {
  const Ref<Buffer> buffer = put(bytes_of(7, 1 << 20));
  const auto same = [](Buffer bytes) { return bytes; };
  const Ref<Buffer> passed = submit(same, submit(same, buffer));
  EXPECT_TRUE(is_all(get(passed), 7, 1 << 20));
  EXPECT_EQ(node_of_session()->store().usage().objects, 1);
}

// --- When something ends.

void wait_until_empty() {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!testing::is_empty(node_of_session()->store().usage())) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::yield();
  }
}

TEST_P(Stored, WhatAKilledReaderPinnedIsLetGoOf) {
  Ref<Numbers> ref = submit([] { return numbers_from(1); });
  const auto die = [](const Ref<Numbers>& mine) {
    const auto pinned = view(mine);
    ::raise(SIGKILL);
    return pinned->size();
  };
  EXPECT_THROW(get(submit({.max_retries = 0}, die, ref)), WorkerDied);
  EXPECT_EQ(get(ref), numbers_from(1)) << "the object is its owner's";
  ref = Ref<Numbers>();
  wait_until_empty();
}

TEST_P(Stored, WhatAKilledWriterHadBegunIsGone) {
  const auto die = [] {
    const MutableBuffer half = create_buffer(1 << 20);
    ::raise(SIGKILL);
    return half.size();
  };
  EXPECT_THROW(get(submit({.max_retries = 0}, die)), WorkerDied);
  wait_until_empty();
  EXPECT_EQ(node_of_session()->store().usage().extents, 0);
}

TEST_P(Stored, AResultOutlivesItsWriter) {
  const Ref<Numbers> ref = submit([] { return numbers_from(1); });
  get(ref);
  for (int i = 0; i < 4; ++i) {
    EXPECT_THROW(get(submit({.max_retries = 0}, [] { return ::raise(SIGKILL); })), WorkerDied);
  }
  EXPECT_EQ(get(ref), numbers_from(1));
}

SessionOptions small_store(std::uint64_t bytes, std::string folder = {}) {
  SessionOptions options;
  options.processes = 2;
  options.object_store_memory = bytes;
  options.spill_dir = std::move(folder);
  return options;
}

TEST(StoredSession, CanBeReadAfterItsEnd) {
  std::optional<Ref<Numbers>> ref;
  std::optional<View<Numbers>> viewed;
  {
    Session session(small_store(64 << 20));
    ref = submit([] { return numbers_from(1); });
    viewed = view(put(numbers_from(2)));
    get(*ref);
  }
  EXPECT_EQ(get(*ref), numbers_from(1));
  EXPECT_EQ((*viewed)->back(), k_count + 1);
}

TEST(StoredSession, ABufferOfAnEarlierSessionCanBePassedOn) {
  std::optional<Buffer> buffer;
  {
    Session session(small_store(64 << 20));
    buffer = get(submit([] { return bytes_of(3, 200'000); }));
  }
  const auto size_of = [](const Buffer& in) { return is_all(in, 3, 200'000); };
  {
    Session session(small_store(64 << 20));
    EXPECT_TRUE(get(submit(size_of, put(*buffer))));
    EXPECT_TRUE(get(submit(size_of, *buffer)));
  }
  Session session(SessionOptions{.encode_messages = true});
  EXPECT_TRUE(get(submit(size_of, put(*buffer))));
  EXPECT_TRUE(get(submit(size_of, *buffer)));
}

TEST(StoredSession, FinishesWithFiveTimesItsMemory) {
  constexpr std::size_t k_bytes = 1 << 20;
  constexpr std::size_t k_objects = 160;
  Session session(small_store(32 << 20));
  std::vector<Ref<Buffer>> buffers;
  for (std::size_t i = 0; i < k_objects; ++i) {
    const auto value = static_cast<std::uint8_t>(i);
    if (i % 2 == 0) {
      buffers.push_back(put(bytes_of(value, k_bytes)));
    } else {
      buffers.push_back(submit([](std::uint8_t in) { return bytes_of(in, k_bytes); }, value));
    }
  }
  EXPECT_EQ(shoal::wait(buffers, {.num_ready = k_objects}).ready.size(), k_objects);
  EXPECT_GT(node_of_session()->store().usage().spilled_bytes, 100u << 20);
  EXPECT_LE(node_of_session()->store().usage().memory_bytes, 32u << 20);
  std::vector<Ref<bool>> checked;
  for (std::size_t i = 0; i < k_objects; ++i) {
    const auto value = static_cast<std::uint8_t>(i);
    checked.push_back(
        submit([](const Buffer& in, std::uint8_t is) { return is_all(in, is, k_bytes); }, buffers[i], value));
  }
  for (const bool is_right : get(checked)) EXPECT_TRUE(is_right);
  for (std::size_t i = 0; i < k_objects; i += 7)
    EXPECT_TRUE(is_all(get(buffers[i]), static_cast<std::uint8_t>(i), k_bytes));
  buffers.clear();
  checked.clear();
  wait_until_empty();
}

TEST(StoredSession, AFolderThatIsOfNoUseIsRefusedAtOnce) {
  EXPECT_THROW(Session(small_store(64 << 20, "/proc/version")), Error);
  Session session(small_store(64 << 20));
  EXPECT_EQ(get(submit([] { return 5; })), 5);
}

/// In a child with a mount namespace of its own: 16 MiB of memory, 8 MiB of disk.
int fill_store_and_disk(const std::string& folder) {
  if (!testing::mount_small_disk(folder, 8)) return 0;
  constexpr std::size_t k_bytes = 1 << 20;
  Session session(small_store(16 << 20, folder));
  std::vector<Ref<Buffer>> buffers;
  std::string text;
  try {
    while (buffers.size() < 100) buffers.push_back(put(bytes_of(static_cast<std::uint8_t>(buffers.size()), k_bytes)));
  } catch (const StoreFull& full) { text = full.what(); }
  if (buffers.size() < 18 || buffers.size() > 24) return 3;
  if (text.find(folder) == std::string::npos || text.find("1048576") == std::string::npos) return 4;
  const auto make = [] { return bytes_of(1, 2 * k_bytes); };
  try {
    get(submit(make));
    return 5;
  } catch (const StoreFull&) {}  // in a task it is the same error
  buffers.resize(4);
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    if (!is_all(get(buffers[i]), static_cast<std::uint8_t>(i), k_bytes)) return 6;
  }
  if (!is_all(get(submit(make)), 1, 2 * k_bytes)) return 7;
  buffers.clear();
  wait_until_empty();
  std::puts("recovered");
  std::fflush(stdout);
  return 0;
}

TEST(StoredSession, SaysThatMemoryAndDiskAreFullAndGoesOn) {
  const TempFolder folder;
  testing::Child child([&] { return fill_store_and_disk(folder.path()); });
  const int status = child.wait();
  ASSERT_EQ(status, 0) << (status >> 8) << child.output();
  if (child.output().find("not permitted") != std::string::npos) {
    GTEST_SKIP() << "a small file system needs the right to mount";
  }
  EXPECT_NE(child.output().find("recovered"), std::string::npos);
}

}  // namespace
}  // namespace shoal
