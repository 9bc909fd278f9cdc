#include "store/core.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/limits.h"
#include "store/testing/machine.h"

namespace shoal::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using Pin = PinTable::Pin;
using Where = ObjectInfo::Where;

class StoreCore : public ::testing::Test {
 protected:
  explicit StoreCore(Core::Options options = {.capacity_bytes = 4 * k_page, .warm_bytes_max = 2 * k_page})
      : machine(options) {
    machine.attach(k_a);
    machine.attach(k_b);
  }

  TicketId ask(ProcessId process, std::uint64_t age, std::vector<ObjectId> reads, std::uint64_t bytes = 0,
               bool runs = true) {
    const TicketId id{age, process, ++tickets};
    const Status status = core.ask({id, std::move(reads), bytes, runs});
    EXPECT_TRUE(status.ok()) << status.text();
    machine.take();
    return id;
  }
  void release(const TicketId& id) {
    core.release(id);
    machine.take();
  }
  /// An extent of the process's own, as soon as it gets one.
  Granted extent(ProcessId process, std::uint64_t bytes) {
    const TicketId id = ask(process, 1, {}, bytes);
    machine.end_all_io();
    const auto admitted = machine.next<Admitted>();
    release(id);
    return admitted.extent;
  }
  ObjectId seal(ProcessId process, const Place& place, bool is_copy = false) {
    const ObjectId id{process, ++objects};
    machine.write(place, std::byte(objects));
    const Status status = core.seal(process, id, place, is_copy);
    EXPECT_TRUE(status.ok()) << status.text();
    return id;
  }
  /// An object that fills an extent, which is returned.
  ObjectId put(ProcessId process, std::uint64_t bytes, bool is_copy = false) {
    const Granted granted = extent(process, bytes);
    const ObjectId id = seal(process, {granted.extent, 0, bytes}, is_copy);
    core.return_extent(process, granted.extent);
    machine.take();
    return id;
  }
  void drop(ObjectId id) {
    core.drop(id);
    machine.take();
  }
  ObjectInfo info(ObjectId id) const {
    for (const ObjectInfo& each : core.objects()) {
      if (each.object == id) return each;
    }
    ADD_FAILURE() << to_string(id) << " is not there";
    return {};
  }
  Located locate(ProcessId process, ObjectId id) {
    const TicketId ticket = ask(process, 1, {id});
    machine.end_all_io();
    const auto admitted = machine.next<Admitted>();
    release(ticket);
    return admitted.objects.empty() ? Located{} : admitted.objects[0];
  }

  std::uint64_t tickets = 0, objects = 0;
  Machine machine;
  Core& core = machine.core;
};

// --- Writing.

TEST_F(StoreCore, GrantsAnExtentWhenItsMemoryIsReserved) {
  const TicketId id = ask(k_a, 1, {}, 100);
  EXPECT_EQ(machine.count<Admitted>(), 0u);
  machine.end_all_io();
  const auto admitted = machine.next<Admitted>();
  EXPECT_EQ(admitted.ticket, id);
  EXPECT_EQ(admitted.extent.bytes, k_page) << "whole pages";
  EXPECT_FALSE(admitted.extent.is_warm);
  EXPECT_EQ(core.usage().memory_bytes, k_page);
}

TEST_F(StoreCore, RefusesASealThatIsNotItsWritersOwn) {
  const Granted granted = extent(k_a, k_page);
  const ExtentId e = granted.extent;
  const auto code = [&](ProcessId process, std::uint64_t n, const Place& place) {
    return core.seal(process, {k_a, n}, place).code();
  };
  EXPECT_EQ(code(k_b, 1, {e, 0, 64}), ErrorCode::invalid_argument);
  EXPECT_EQ(code(k_a, 1, {e + 1, 0, 64}), ErrorCode::invalid_argument);
  EXPECT_EQ(code(k_a, 1, {e, 8, 64}), ErrorCode::invalid_argument);
  EXPECT_EQ(code(k_a, 1, {e, k_page, 0}), ErrorCode::invalid_argument);
  EXPECT_EQ(code(k_a, 1, {e, 64, k_page}), ErrorCode::invalid_argument);
  EXPECT_EQ(code(k_a, 1, {e, 64, UINT64_MAX}), ErrorCode::invalid_argument);
  EXPECT_EQ(code(k_a, 1, {e, 128, 100}), ErrorCode::ok);
  EXPECT_EQ(code(k_a, 1, {e, 512, 64}), ErrorCode::already_exists);
  EXPECT_EQ(code(k_a, 2, {e, 192, 64}), ErrorCode::invalid_argument) << "the first ends at 228";
  EXPECT_EQ(code(k_a, 2, {e, 64, 65}), ErrorCode::invalid_argument) << "the first begins at 128";
  EXPECT_EQ(code(k_a, 2, {e, 64, 64}), ErrorCode::ok);
  EXPECT_EQ(code(k_a, 3, {e, 256, 0}), ErrorCode::ok) << "an object may be empty";
  EXPECT_EQ(code(k_a, 4, {e, 256, 64}), ErrorCode::invalid_argument);
  core.return_extent(k_a, e);
  EXPECT_EQ(code(k_a, 5, {e, 320, 64}), ErrorCode::invalid_argument) << "it was returned";
}

TEST_F(StoreCore, UsesPagesAgainOnlyWhenNothingInThemIsAliveOrPinned) {
  const Granted granted = extent(k_a, 2 * k_page);
  const ObjectId first = seal(k_a, {granted.extent, 0, 64}), second = seal(k_a, {granted.extent, 64, 64});
  core.return_extent(k_a, granted.extent);
  const Located located = locate(k_b, second);
  ASSERT_EQ(machine.table(k_b).pin(located.residence), Pin::held);
  drop(first);
  drop(second);
  EXPECT_EQ(core.usage().warm_bytes, 0u) << "the second is pinned";
  EXPECT_EQ(core.usage().objects, 1u);
  EXPECT_EQ(core.objects().at(0).state, ObjectInfo::State::dropped);
  EXPECT_THAT(core.objects().at(0).pins, ElementsAre(Pair(k_b, 1u)));

  ASSERT_TRUE(machine.table(k_b).unpin(located.residence)) << "the daemon waits for it";
  core.on_unpinned(located.residence.slot);
  EXPECT_EQ(core.usage().warm_bytes, 2 * k_page);
  EXPECT_EQ(core.usage().objects, 0u);
}

TEST_F(StoreCore, KeepsPagesWarmForTheirWriter) {
  const ObjectId id = put(k_a, 2 * k_page);
  const ExtentId before = locate(k_b, id).place.extent;
  drop(id);
  EXPECT_EQ(core.usage().warm_bytes, 2 * k_page);
  const Granted again = extent(k_a, 2 * k_page);
  EXPECT_TRUE(again.is_warm);
  EXPECT_EQ(again.extent, before);
  EXPECT_EQ(machine.count<UnmapExtent>(), 0u);
  EXPECT_FALSE(extent(k_b, 2 * k_page).is_warm);
}

TEST_F(StoreCore, UsesWarmPagesAlsoForLess) {
  drop(put(k_a, 2 * k_page));
  const Granted again = extent(k_a, k_page);
  EXPECT_TRUE(again.is_warm);
  EXPECT_EQ(again.bytes, 2 * k_page);
}

class StoreCoreThatKeepsAll : public StoreCore {
 protected:
  StoreCoreThatKeepsAll() : StoreCore({.capacity_bytes = 16 * k_page, .warm_bytes_max = 16 * k_page}) {}
};

TEST_F(StoreCoreThatKeepsAll, UsesTheWarmPagesThatFitBest) {
  const ObjectId large = put(k_a, 4 * k_page), fitting = put(k_a, 3 * k_page);
  const ExtentId best = locate(k_b, fitting).place.extent;
  drop(large);
  drop(fitting);
  EXPECT_EQ(extent(k_a, 2 * k_page).extent, best);
  EXPECT_FALSE(extent(k_a, k_page).is_warm) << "four would be too many for one";
}

TEST_F(StoreCoreThatKeepsAll, UsesNoWarmPagesBeyondAQuota) {
  drop(put(k_a, 2 * k_page));
  core.set_quota(1, k_page);
  const Granted granted = extent(k_a, k_page);
  EXPECT_FALSE(granted.is_warm);
  EXPECT_EQ(granted.bytes, k_page);
}

TEST_F(StoreCore, GivesWarmPagesToOthersWhenTheyAreNeeded) {
  const ObjectId id = put(k_a, 2 * k_page);
  locate(k_b, id);
  drop(id);
  extent(k_b, 4 * k_page);
  EXPECT_EQ(core.usage().warm_bytes, 0u);
  EXPECT_EQ(machine.next<UnmapExtent>().process, k_a);
  EXPECT_EQ(machine.next<UnmapExtent>().process, k_b) << "it had read there";
}

// --- Reading.

TEST_F(StoreCore, TellsReadersWhereAnObjectIs) {
  const ObjectId id = put(k_a, 100);
  const TicketId ticket = ask(k_b, 1, {id, id});
  const auto admitted = machine.next<Admitted>();
  ASSERT_EQ(admitted.objects.size(), 2u);
  EXPECT_EQ(admitted.objects[0], admitted.objects[1]);
  EXPECT_EQ(admitted.objects[0].place.bytes, 100u);
  EXPECT_EQ(machine.table(k_b).pin(admitted.objects[0].residence), Pin::held);
  EXPECT_EQ(info(id).holds, 2u);
  release(ticket);
  EXPECT_EQ(info(id).holds, 0u);
  EXPECT_THAT(info(id).pins, ElementsAre(Pair(k_b, 1u)));
}

TEST_F(StoreCore, FailsATicketForWhatIsNotThere) {
  ask(k_a, 1, {ObjectId{k_a, 99}});
  EXPECT_EQ(machine.next<Failed>().status.code(), ErrorCode::not_found);
  EXPECT_EQ(core.ask({{1, {9, 9}, 1}}).code(), ErrorCode::invalid_argument) << "nobody attached it";
  EXPECT_EQ(core.ask({{1, k_a, 50}, {}, 64, false}).code(), ErrorCode::invalid_argument);
  EXPECT_EQ(core.ask({{1, k_a, 1}}).code(), ErrorCode::already_exists) << "the failed one is not released";
}

// --- Eviction.

TEST_F(StoreCore, DropsCopiesBeforeItSpills) {
  const ObjectId primary = put(k_a, 2 * k_page), copy = put(k_a, 2 * k_page, true);
  extent(k_b, 2 * k_page);
  EXPECT_EQ(machine.next<Evicted>().object, copy);
  EXPECT_EQ(info(primary).where, Where::memory);
  EXPECT_THAT(machine.disk, IsEmpty());
}

TEST_F(StoreCore, SpillsAndRestores) {
  const ObjectId first = put(k_a, 2 * k_page), second = put(k_a, 2 * k_page);
  const Located before = locate(k_b, first);
  extent(k_b, 2 * k_page);
  EXPECT_EQ(info(first).where, Where::spill) << "the older one";
  EXPECT_EQ(info(second).where, Where::memory);
  EXPECT_EQ(core.usage().spilled_bytes, 2 * k_page);
  EXPECT_NE(machine.table(k_b).pin(before.residence), Pin::held);

  const Located after = locate(k_b, first);
  EXPECT_EQ(info(first).where, Where::memory_and_spill);
  EXPECT_EQ(info(second).where, Where::spill);
  EXPECT_EQ(machine.table(k_b).pin(after.residence), Pin::held);
  EXPECT_THAT(machine.read(after.place), ::testing::Each(std::byte(1)));
  EXPECT_NE(machine.table(k_b).pin(before.residence), Pin::held);
}

TEST_F(StoreCore, WritesWhatIsOnDiskAlreadyNoSecondTime) {
  const ObjectId first = put(k_a, 2 * k_page), second = put(k_a, 2 * k_page);
  extent(k_b, 2 * k_page);
  locate(k_b, first);
  locate(k_b, second);
  EXPECT_EQ(info(first).where, Where::spill);
  EXPECT_EQ(machine.disk.size(), 2u);
  EXPECT_EQ(core.usage().spilled_bytes, 4 * k_page);
  drop(first);
  drop(second);
  EXPECT_THAT(machine.disk, IsEmpty());
}

TEST_F(StoreCore, LeavesWhatIsPinnedAndOverflowsToDisk) {
  const ObjectId first = put(k_a, 2 * k_page), second = put(k_a, 2 * k_page);
  ASSERT_EQ(machine.table(k_b).pin(locate(k_b, first).residence), Pin::held);
  ASSERT_EQ(machine.table(k_b).pin(locate(k_b, second).residence), Pin::held);
  const ObjectId third = put(k_b, 2 * k_page);
  EXPECT_EQ(info(third).where, Where::overflow);
  EXPECT_EQ(info(first).where, Where::memory);
  EXPECT_EQ(core.usage().overflow_bytes, 2 * k_page);
  drop(third);
  EXPECT_EQ(core.usage().overflow_bytes, 0u);
}

TEST_F(StoreCore, EvictsNothingWhereThatWouldNotSuffice) {
  const ObjectId first = put(k_a, 2 * k_page), second = put(k_a, 2 * k_page);
  const Located kept = locate(k_b, second);
  ASSERT_EQ(machine.table(k_b).pin(kept.residence), Pin::held);
  put(k_b, 3 * k_page);
  EXPECT_EQ(info(first).where, Where::memory);
  EXPECT_EQ(machine.table(k_b).pin(locate(k_b, first).residence), Pin::held) << "its slot is open again";
}

TEST_F(StoreCore, AnObjectThatIsWantedWhileItIsSpilledStays) {
  const ObjectId first = put(k_a, 2 * k_page), second = put(k_a, 2 * k_page);
  ask(k_b, 5, {}, 2 * k_page);
  ASSERT_EQ(machine.io.size(), 1u) << "the write of the first";
  const TicketId reads = ask(k_b, 1, {first});
  const auto admitted = machine.next<Admitted>();
  ASSERT_EQ(admitted.ticket, reads);
  EXPECT_EQ(machine.table(k_b).pin(admitted.objects.at(0).residence), Pin::held);
  release(reads);
  machine.end_all_io();
  EXPECT_EQ(info(first).where, Where::memory_and_spill);
  EXPECT_EQ(info(second).where, Where::spill) << "its turn instead";
  EXPECT_EQ(machine.count<Admitted>(), 1u);
}

// --- Order.

TEST_F(StoreCore, TheOldestTicketComesFirstAndWhole) {
  put(k_a, 3 * k_page);
  const TicketId younger = ask(k_a, 7, {}, 3 * k_page), older = ask(k_b, 3, {}, 2 * k_page);
  EXPECT_THAT(core.waiting(), ElementsAre(older, younger));
  machine.end_io(0);
  machine.end_all_io();
  EXPECT_EQ(machine.next<Admitted>().ticket, older);
  const auto second = machine.next<Admitted>();
  EXPECT_EQ(second.ticket, younger);
  EXPECT_TRUE(machine.sizes.at(second.extent.extent).on_disk) << "the older one's extent is being written";
}

TEST_F(StoreCore, WhatHasNotStartedGivesWayToTheOlder) {
  const ObjectId first = put(k_a, 2 * k_page), second = put(k_a, 2 * k_page);
  const TicketId queued = ask(k_b, 9, {first, second}, 0, false);
  EXPECT_EQ(machine.next<Admitted>().ticket, queued);
  extent(k_a, 2 * k_page);
  EXPECT_EQ(machine.next<Revoked>().ticket, queued);
  machine.end_all_io();
  const auto again = machine.next<Admitted>();
  EXPECT_EQ(again.ticket, queued) << "it waits for its turn by itself";
  EXPECT_EQ(again.objects.size(), 2u);
}

TEST_F(StoreCore, WhatHasNotStartedIsKeptFromTheYounger) {
  const ObjectId first = put(k_a, 2 * k_page);
  put(k_a, 2 * k_page);
  ask(k_b, 3, {first}, 0, false);
  ask(k_a, 9, {}, 2 * k_page);
  machine.end_all_io();
  EXPECT_EQ(machine.count<Revoked>(), 0u);
  EXPECT_EQ(info(first).where, Where::memory);
}

TEST_F(StoreCore, WhatStartedKeepsItsPinsThoughItsTicketIsRevoked) {
  const ObjectId first = put(k_a, 2 * k_page);
  const TicketId queued = ask(k_b, 9, {first}, 0, false);
  const Residence stay = machine.next<Admitted>().objects.at(0).residence;
  ASSERT_EQ(machine.table(k_b).pin(stay), Pin::held);
  ask(k_a, 1, {}, 4 * k_page);
  machine.end_all_io();
  EXPECT_EQ(machine.count<Revoked>(), 0u) << "it was pinned";
  EXPECT_EQ(info(first).where, Where::memory);
  release(queued);
}

// --- Faults.

const Status k_disk_full(ErrorCode::no_space, "the disk of spill-folder is full");

TEST_F(StoreCore, AFullDiskFailsTheYoungestAndTheFirstGoesOnWhenThatLetsGo) {
  const ObjectId pinned = put(k_a, 4 * k_page);
  const Located located = locate(k_a, pinned);
  ASSERT_EQ(machine.table(k_a).pin(located.residence), Pin::held);
  const TicketId first = ask(k_b, 1, {}, k_page), second = ask(k_b, 2, {}, k_page);
  ASSERT_EQ(machine.io.size(), 2u) << "both overflow";
  machine.end_io(1, k_disk_full);
  auto failed = machine.next<Failed>();
  EXPECT_EQ(failed.ticket, second);
  EXPECT_EQ(failed.status.code(), ErrorCode::no_space);
  machine.end_io(0, k_disk_full);
  failed = machine.next<Failed>();
  EXPECT_EQ(failed.ticket, first) << "nobody is left who could let go";
  EXPECT_THAT(failed.status.text(), HasSubstr("spill-folder"));
  EXPECT_THAT(failed.status.text(), HasSubstr("n1.1 (1 pinned objects of 16384 bytes"));
}

TEST_F(StoreCore, TheFirstWaitsForAFailedOneToLetGoAndTriesAgain) {
  const ObjectId pinned = put(k_a, 4 * k_page);
  const Located located = locate(k_a, pinned);
  ASSERT_EQ(machine.table(k_a).pin(located.residence), Pin::held);
  const TicketId blocks = ask(k_b, 1, {}, k_page);
  const TicketId second = ask(k_b, 2, {}, k_page), third = ask(k_a, 3, {}, k_page);
  machine.end_io(2, k_disk_full);
  EXPECT_EQ(machine.next<Failed>().ticket, third);
  machine.end_io(1, k_disk_full);
  EXPECT_EQ(machine.next<Failed>().ticket, second);
  machine.end_io(0, k_disk_full);
  EXPECT_EQ(machine.next<Failed>().ticket, blocks);

  const TicketId early = ask(k_b, 4, {}, k_page);
  machine.take();
  ASSERT_EQ(machine.io.size(), 1u);
  const TicketId late = ask(k_a, 5, {}, k_page);
  machine.end_io(0, k_disk_full);
  EXPECT_EQ(machine.count<Failed>(), 1u);
  EXPECT_EQ(machine.next<Failed>().ticket, early) << "the later one is at the disk";
  machine.end_all_io();
  EXPECT_EQ(machine.next<Admitted>().ticket, late) << "the disk has room again";
}

TEST_F(StoreCore, ASpillThatFailsLeavesTheObjectWhereItIs) {
  const ObjectId first = put(k_a, 4 * k_page);
  const Located located = locate(k_b, first);
  const TicketId wants = ask(k_b, 1, {}, k_page);
  ASSERT_EQ(machine.io.size(), 1u);
  machine.end_io(0, k_disk_full);
  EXPECT_EQ(info(first).where, Where::memory);
  EXPECT_EQ(machine.table(k_b).pin(located.residence), Pin::held);
  ASSERT_EQ(machine.io.size(), 1u) << "it overflows, if the disk has room for that";
  machine.end_io(0, k_disk_full);
  EXPECT_EQ(machine.next<Failed>().ticket, wants);
  release(wants);
  EXPECT_FALSE(machine.table(k_b).unpin(located.residence));
  extent(k_b, k_page);
  EXPECT_EQ(info(first).where, Where::spill) << "the disk has room again";
}

TEST_F(StoreCore, ASystemShortOfMemoryIsNotAsked) {
  ask(k_a, 1, {}, k_page);
  machine.end_io(0, {ErrorCode::no_space, "no memory"});
  ASSERT_EQ(machine.io.size(), 1u);
  EXPECT_TRUE(std::get<CreateExtent>(machine.io[0]).on_disk);
  machine.end_all_io();
  EXPECT_EQ(machine.count<Admitted>(), 1u);
}

TEST_F(StoreCore, BytesThatCannotBeReadBackAreLost) {
  const ObjectId first = put(k_a, 4 * k_page);
  put(k_a, k_page);
  const TicketId wants = ask(k_b, 1, {first});
  while (!std::holds_alternative<ReadSpill>(machine.io.at(0))) machine.end_io(0);
  machine.end_io(0, {ErrorCode::corrupt_data, "checksum"});
  EXPECT_EQ(machine.next<Lost>().object, first);
  const auto failed = machine.next<Failed>();
  EXPECT_EQ(failed.ticket, wants);
  EXPECT_EQ(failed.status.code(), ErrorCode::object_lost);
  EXPECT_EQ(core.usage().objects, 1u);
  EXPECT_EQ(core.usage().spilled_bytes, 0u + core.objects().at(0).bytes * (core.objects().at(0).where == Where::spill));
}

class StoreCoreWithoutDisk : public StoreCore {
 protected:
  StoreCoreWithoutDisk() : StoreCore({.capacity_bytes = 4 * k_page, .warm_bytes_max = 0, .has_disk = false}) {}
};

TEST_F(StoreCoreWithoutDisk, IsFullWhenItsMemoryIs) {
  const ObjectId first = put(k_a, 4 * k_page);
  ask(k_b, 1, {}, k_page);
  const auto failed = machine.next<Failed>();
  EXPECT_EQ(failed.status.code(), ErrorCode::no_space);
  EXPECT_THAT(failed.status.text(), HasSubstr("4096 bytes"));
  drop(first);
  EXPECT_EQ(extent(k_b, 4 * k_page).bytes, 4 * k_page);
}

TEST_F(StoreCoreWithoutDisk, AsksWritersToReturnWhatTheyDoNotUse) {
  const Granted idle = extent(k_a, 4 * k_page);
  ask(k_b, 1, {}, k_page);
  EXPECT_EQ(machine.next<RecallExtent>().extent, idle.extent);
  EXPECT_EQ(machine.count<Failed>(), 1u);
  core.return_extent(k_a, idle.extent);
  EXPECT_EQ(extent(k_b, k_page).bytes, k_page);
}

TEST_F(StoreCore, AJobThatUsedItsQuotaIsToldSo) {
  core.set_quota(1, 3 * k_page);
  const ObjectId first = put(k_a, 2 * k_page);
  ask(k_b, 1, {}, 2 * k_page);
  EXPECT_EQ(machine.next<Failed>().status.code(), ErrorCode::no_space);
  drop(first);
  EXPECT_EQ(extent(k_b, 2 * k_page).bytes, 2 * k_page) << "warm pages are charged to nobody";
}

// --- Death.

TEST_F(StoreCore, ADeadWriterLosesWhatItHadNotSealed) {
  const Granted granted = extent(k_a, 2 * k_page);
  const ObjectId sealed = seal(k_a, {granted.extent, 0, 64});
  const Granted other = extent(k_a, k_page);
  machine.die(k_a);
  EXPECT_EQ(machine.extents.count(other.extent), 0u);
  EXPECT_EQ(info(sealed).where, Where::memory);
  EXPECT_EQ(machine.read(locate(k_b, sealed).place).size(), 64u);
  drop(sealed);
  EXPECT_EQ(core.usage().extents, 0u) << "its writer could not use them again";
}

TEST_F(StoreCore, ADeadReadersPinsAndTicketsAreGone) {
  const ObjectId first = put(k_a, 4 * k_page);
  ASSERT_EQ(machine.table(k_b).pin(locate(k_b, first).residence), Pin::held);
  const TicketId holds = ask(k_b, 1, {first});
  drop(first);
  EXPECT_EQ(core.usage().objects, 1u);
  machine.die(k_b);
  EXPECT_EQ(core.usage().objects, 0u);
  EXPECT_EQ(core.usage().tickets, 0u);
  EXPECT_EQ(core.waiting(), std::vector<TicketId>());
  release(holds);  // nobody's business
}

TEST_F(StoreCore, AnExtentForADeadProcessIsGivenBackWhenItIsThere) {
  ask(k_a, 1, {}, k_page);
  machine.die(k_a);
  machine.end_all_io();
  EXPECT_EQ(machine.count<Admitted>(), 0u);
  EXPECT_EQ(core.usage(), Core::Usage());
}

}  // namespace
}  // namespace shoal::store
