#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/testing/seeds.h"
#include "store/core.h"
#include "store/limits.h"
#include "store/testing/machine.h"

namespace shoal::store {
namespace {

using Pin = PinTable::Pin;

/// A store under random processes, and an oracle that knows what was sealed and what each ticket may become. Processes
/// pin by the real tables; extents are bytes whose every reader compares what it sees.
class Play {
 public:
  explicit Play(std::uint64_t seed)
      : random_(seed), options_(options()), machine_(options_, 64), core_(machine_.core), has_quota_(roll(4) == 0) {
    for (int i = 0; i < 3; ++i) attach();
    if (has_quota_) core_.set_quota(1, (4 + roll(12)) * k_page);
    disk_may_fail_ = roll(2) == 0;
    memory_may_fail_ = roll(4) == 0;
    spill_may_rot_ = roll(3) == 0;
  }

  void step() {
    before_ = core_.waiting();
    switch (roll(14)) {
      case 0:
      case 1: ask_for_extent(); break;
      case 2:
      case 3:
      case 4: seal(); break;
      case 5: return_extent(); break;
      case 6:
      case 7: ask_to_read(); break;
      case 8: pin_again(); break;
      case 9: unpin(); break;
      case 10: release(); break;
      case 11: roll(2) == 0 ? drop() : unpin(); break;
      case 12: roll(20) == 0 ? kill() : end_io(); break;
      default: end_io(); break;
    }
    settle();
    check_order();
    check_pins();
  }

  /// No fault any more: what waits is admitted, and what is alive can be read.
  void recover() {
    disk_may_fail_ = memory_may_fail_ = spill_may_rot_ = false;
    drain();
    EXPECT_TRUE(core_.waiting().empty()) << "the first waits for nothing that will come";
    if (roll(2) == 0) {
      for (const auto& [id, object] : alive_) wanted_.push_back(id);
      for (const ObjectId& id : std::exchange(wanted_, {})) {
        if (alive_.count(id) > 0) ask(process(), {id}, 0, true);
      }
      drain();
      EXPECT_TRUE(core_.waiting().empty());
    }
  }

  /// Everybody lets go; nothing may be left.
  void quiesce() {
    if (roll(2) == 0) {
      for (const auto& [id, process] : std::map(processes_)) kill(id);
      for (const auto& [id, object] : std::map(alive_)) drop(id);
    } else {
      for (const auto& [id, object] : std::map(alive_)) drop(id);
      for (const auto& [id, process] : std::map(processes_)) kill(id);
    }
    drain();
    EXPECT_EQ(core_.usage(), Core::Usage());
    EXPECT_TRUE(machine_.extents.empty() && machine_.disk.empty() && machine_.sizes.empty());
    for (const DirectoryWord& word : machine_.directory) EXPECT_EQ(word.load() & 1, 0u) << "a slot is open";
  }

  const std::string& log() const { return log_; }
  static std::map<std::string, int>& seen() {
    static std::map<std::string, int> counts;
    return counts;
  }

 private:
  struct Sealed {
    std::byte pattern{};
    bool is_copy = false;
  };
  struct Pinned {
    Located at;
    std::byte pattern{};
  };
  struct Open {
    ExtentId extent = 0;
    std::uint64_t bytes = 0, used = 0;
  };
  struct Process {
    std::vector<Open> open;
    std::vector<Pinned> pinned;
    std::deque<Pinned> remembered;
  };
  struct Asked {
    std::vector<ObjectId> objects;
    std::vector<std::byte> patterns;
    std::uint64_t bytes = 0;
    bool runs = true, is_answered = false;
  };

  std::uint64_t roll(std::uint64_t n) { return random_() % n; }
  Core::Options options() {
    return {.capacity_bytes = (4 + roll(12)) * k_page, .warm_bytes_max = roll(3) * 2 * k_page, .has_disk = roll(8) > 0};
  }
  ProcessId process() {
    return std::next(processes_.begin(), static_cast<std::ptrdiff_t>(roll(processes_.size())))->first;
  }

  void attach() {
    const ProcessId id{1, ++numbers_};
    processes_[id];
    machine_.attach(id, 1 + numbers_ % 2);
  }

  // --- What processes do.

  void ask(ProcessId process, std::vector<ObjectId> objects, std::uint64_t bytes, bool runs) {
    const TicketId id{1 + roll(20), process, ++numbers_};
    Asked& asked = tickets_[id];
    asked = {objects, {}, bytes, runs};
    for (const ObjectId& each : objects) asked.patterns.push_back(alive_.at(each).pattern);
    const Status status = core_.ask({id, std::move(objects), bytes, runs});
    EXPECT_TRUE(status.ok()) << status.text();
    asked_now_.insert(id);
    settle();
  }
  void ask_for_extent() {
    const ProcessId process = this->process();
    if (processes_.at(process).open.size() < 3)
      ask(process, {}, 1 + roll(roll(10) == 0 ? 24 * k_page : 4 * k_page), true);
  }
  void ask_to_read() {
    std::vector<ObjectId> objects;
    for (std::uint64_t i = roll(4) + 1; i > 0 && !alive_.empty(); --i) {
      objects.push_back(std::next(alive_.begin(), static_cast<std::ptrdiff_t>(roll(alive_.size())))->first);
    }
    const bool runs = roll(2) == 0;
    const std::uint64_t bytes = runs && roll(4) == 0 ? 1 + roll(3 * k_page) : 0;
    ask(process(), std::move(objects), bytes, runs);
  }
  void seal() {
    const ProcessId id = process();
    Process& process = processes_.at(id);
    if (process.open.empty()) return;
    Open& open = process.open[roll(process.open.size())];
    const std::uint64_t bytes = roll(3) == 0 ? open.bytes : roll(2 * k_page);
    if (open.used >= open.bytes || bytes > open.bytes - open.used) return;
    // An id comes again when its object was dropped, as with another attempt of a task.
    const ObjectId object{id, 1 + roll(12)};
    const Place place{open.extent, open.used, bytes};
    const auto pattern = static_cast<std::byte>(1 + ++patterns_ % 250);
    const bool is_copy = roll(4) == 0;
    const Status status = core_.seal(id, object, place, is_copy);
    if (!status.ok()) {
      EXPECT_TRUE(status.code() == ErrorCode::no_space || alive_.count(object) > 0) << status.text();
      return;
    }
    machine_.write(place, pattern);
    open.used += round_up(std::max<std::uint64_t>(bytes, 1), k_alignment);
    alive_[object] = {pattern, is_copy};
    ever_[object].insert(pattern);
  }
  void return_extent() {
    const ProcessId id = process();
    Process& process = processes_.at(id);
    if (process.open.empty()) return;
    const std::size_t which = roll(process.open.size());
    const ExtentId extent = process.open[which].extent;
    process.open.erase(process.open.begin() + static_cast<std::ptrdiff_t>(which));
    core_.return_extent(id, extent);
  }
  void pin_again() {
    const ProcessId id = process();
    Process& process = processes_.at(id);
    if (process.remembered.empty()) return;
    const Pinned pinned = process.remembered[roll(process.remembered.size())];
    pin(id, process, pinned);
  }
  bool pin(ProcessId id, Process& process, const Pinned& pinned) {
    const Pin result = machine_.table(id).pin(pinned.at.residence);
    ++seen()[result == Pin::held ? "pin held" : "pin gone"];
    if (result == Pin::held) process.pinned.push_back(pinned);
    if (result == Pin::gone_ring && roll(8) > 0) core_.on_unpinned(pinned.at.residence.slot);
    return result == Pin::held;
  }
  void unpin() {
    const ProcessId id = process();
    Process& process = processes_.at(id);
    if (process.pinned.empty()) return;
    unpin(id, process, roll(process.pinned.size()));
  }
  void unpin(ProcessId id, Process& process, std::size_t which) {
    const Residence residence = process.pinned[which].at.residence;
    process.pinned.erase(process.pinned.begin() + static_cast<std::ptrdiff_t>(which));
    if (machine_.table(id).unpin(residence)) core_.on_unpinned(residence.slot);
  }
  void release() {
    if (tickets_.empty()) return;
    const auto at = std::next(tickets_.begin(), static_cast<std::ptrdiff_t>(roll(tickets_.size())));
    if (!at->second.is_answered && roll(4) > 0) return;  // who asks waits, mostly
    release(at->first);
  }
  void release(const TicketId id) {
    tickets_.erase(id);
    core_.release(id);
  }
  void drop() {
    if (alive_.empty()) return;
    drop(std::next(alive_.begin(), static_cast<std::ptrdiff_t>(roll(alive_.size())))->first);
  }
  void drop(const ObjectId id) {
    gone(id);
    core_.drop(id);
  }
  void gone(const ObjectId& id) {
    alive_.erase(id);
    ever_gone_.insert(id);
  }
  void kill() {
    kill(process());
    attach();
  }
  void kill(const ProcessId id) {
    std::erase_if(tickets_, [&](const auto& each) { return each.first.process == id; });
    processes_.erase(id);
    machine_.die(id);
    settle();
  }

  // --- What the system does.

  void end_io() {
    if (machine_.io.empty()) return;
    const std::size_t which = roll(machine_.io.size());
    const Action& action = machine_.io[which];
    Status fault;
    if (const auto* create = std::get_if<CreateExtent>(&action)) {
      if (create->on_disk ? disk_may_fail_ && roll(2) == 0 : memory_may_fail_ && roll(6) == 0) {
        fault = {ErrorCode::no_space, "full"};
      }
    } else if (std::holds_alternative<WriteSpill>(action)) {
      if (disk_may_fail_ && roll(3) == 0) fault = {ErrorCode::no_space, "full"};
    } else if (spill_may_rot_ && roll(4) == 0) {
      fault = {ErrorCode::corrupt_data, "checksum"};
    }
    if (!fault.ok()) {
      ++faults_;
      ++seen()["fault"];
    }
    machine_.end_io(which, fault);
    settle();
  }

  // --- What the core says.

  void settle() {
    machine_.take();
    log_ += std::exchange(machine_.log, {});
    while (!machine_.said.empty()) {
      for (const Action& each : std::exchange(machine_.said, {})) {
        std::visit([&](const auto& what) { heard(what); }, each);
      }
      machine_.take();
    }
  }
  template <class T>
  void heard(const T&) {
    // I/O and mappings: the machine's.
  }
  void heard(const Admitted& admitted) {
    ++seen()["admitted"];
    const auto at = tickets_.find(admitted.ticket);
    if (at == tickets_.end()) return;  // it was released meanwhile
    Asked& asked = at->second;
    asked.is_answered = true;
    Process& process = processes_.at(admitted.ticket.process);
    EXPECT_EQ(admitted.extent.extent != 0, asked.bytes > 0);
    if (admitted.extent.extent != 0) {
      EXPECT_GE(admitted.extent.bytes, asked.bytes);
      if (admitted.extent.is_warm) ++seen()["warm"];
      if (machine_.sizes.at(admitted.extent.extent).on_disk) ++seen()["overflow"];
      process.open.push_back({admitted.extent.extent, admitted.extent.bytes});
    }
    EXPECT_EQ(admitted.objects.size(), asked.objects.size());
    for (std::size_t i = 0; i < admitted.objects.size(); ++i) take_located(admitted, asked, i, process);
  }
  void take_located(const Admitted& admitted, const Asked& asked, std::size_t i, Process& process) {
    const Located& located = admitted.objects[i];
    EXPECT_EQ(located.object, asked.objects[i]);
    // What has not started may be taken away in the very same event; who pins it knows.
    const std::vector<std::byte> bytes = machine_.read(located.place);
    const Pinned pinned{located, bytes.empty() ? asked.patterns[i] : bytes[0]};
    const bool is_held = (asked.runs || roll(3) > 0) && pin(admitted.ticket.process, process, pinned);
    EXPECT_TRUE(is_held || !asked.runs || ever_gone_.count(located.object) > 0) << "nobody may take it meanwhile";
    if (!is_held) return;
    // While the ticket waited another object may have got the id: it is admitted with the bytes of one of them.
    std::set<std::byte> possible = ever_[located.object];
    if (ever_gone_.count(located.object) == 0) possible = {asked.patterns[i]};
    EXPECT_TRUE(possible.count(pinned.pattern) > 0 && reads(located.place, pinned.pattern))
        << "other bytes were sealed";
    process.remembered.push_back(pinned);
    if (process.remembered.size() > 8) process.remembered.pop_front();
    if (roll(2) == 0) unpin(admitted.ticket.process, process, process.pinned.size() - 1);
  }
  void heard(const Failed& failed) {
    ++seen()["failed"];
    const auto at = tickets_.find(failed.ticket);
    if (at == tickets_.end()) return;
    at->second.is_answered = true;
    const ErrorCode code = failed.status.code();
    if (code == ErrorCode::no_space) {
      EXPECT_TRUE(faults_ > 0 || has_quota_ || !options_.has_disk) << failed.status.text();
    } else {
      EXPECT_TRUE(code == ErrorCode::not_found || code == ErrorCode::object_lost) << failed.status.text();
      const bool any_gone = std::any_of(at->second.objects.begin(), at->second.objects.end(),
                                        [&](const ObjectId& id) { return ever_gone_.count(id) > 0 || rotten_; });
      EXPECT_TRUE(any_gone || faults_ > 0) << failed.status.text();
    }
  }
  void heard(const Revoked& revoked) {
    ++seen()["revoked"];
    const auto at = tickets_.find(revoked.ticket);
    if (at == tickets_.end()) return;
    EXPECT_FALSE(at->second.runs) << "what runs keeps what it got";
    EXPECT_TRUE(at->second.is_answered);
    at->second.is_answered = false;
    asked_now_.insert(revoked.ticket);
  }
  void heard(const Evicted& evicted) {
    ++seen()["evicted"];
    const auto at = alive_.find(evicted.object);
    EXPECT_TRUE(at != alive_.end() && at->second.is_copy) << "only copies are dropped";
    gone(evicted.object);
  }
  void heard(const Lost& lost) {
    ++seen()["lost"];
    EXPECT_GT(faults_, 0);
    rotten_ = true;
    gone(lost.object);
  }
  void heard(const RecallExtent& recall) {
    ++seen()["recalled"];
    const auto at = processes_.find(recall.process);
    if (at == processes_.end() || roll(2) == 0) return;
    std::erase_if(at->second.open, [&](const Open& open) {
      if (open.extent != recall.extent) return false;
      core_.return_extent(recall.process, recall.extent);
      return true;
    });
  }

  // --- What must hold.

  bool reads(const Place& place, std::byte pattern) {
    return machine_.read(place) == std::vector(place.bytes, pattern);
  }
  void check_pins() {
    for (const auto& [id, process] : processes_) {
      for (const Pinned& each : process.pinned) {
        EXPECT_TRUE(reads(each.at.place, each.pattern))
            << to_string(id) << " pins pages that were used for something else";
      }
    }
  }
  /// Nobody was admitted before an older one that waited already and waits still.
  void check_order() {
    const std::vector<TicketId> after = core_.waiting();
    const std::set<TicketId> still(after.begin(), after.end());
    const auto oldest = std::find_if(after.begin(), after.end(), [&](const TicketId& id) {
      return std::find(before_.begin(), before_.end(), id) != before_.end() && asked_now_.count(id) == 0;
    });
    if (oldest != after.end()) {
      for (const auto& [id, asked] : tickets_) {
        const bool waited = std::find(before_.begin(), before_.end(), id) != before_.end();
        EXPECT_FALSE(waited && still.count(id) == 0 && id > *oldest && !asked.is_answered)
            << "a younger ticket was served before an older one that waits";
      }
    }
    asked_now_.clear();
  }

  /// All I/O ends well, and who failed lets go, until nothing moves.
  void drain() {
    settle();
    while (true) {
      if (!machine_.io.empty()) {
        machine_.end_io(0);
        settle();
        continue;
      }
      const auto answered = std::find_if(tickets_.begin(), tickets_.end(),
                                         [](const auto& each) { return each.second.is_answered; });
      if (answered == tickets_.end()) return;
      release(answered->first);
      settle();
    }
  }

  std::mt19937_64 random_;
  const Core::Options options_;
  Machine machine_;
  Core& core_;
  const bool has_quota_;
  bool disk_may_fail_ = false, memory_may_fail_ = false, spill_may_rot_ = false, rotten_ = false;
  int faults_ = 0;
  std::uint32_t numbers_ = 0;
  unsigned patterns_ = 0;
  std::map<ProcessId, Process> processes_;
  std::map<ObjectId, Sealed> alive_;
  std::map<ObjectId, std::set<std::byte>> ever_;
  std::set<ObjectId> ever_gone_;
  std::map<TicketId, Asked> tickets_;
  std::vector<TicketId> before_;
  std::set<TicketId> asked_now_;
  std::vector<ObjectId> wanted_;
  std::string log_;
};

constexpr int k_steps = 250;

void run(std::uint64_t seed) {
  SCOPED_TRACE(testing::replay_hint(seed));
  Play play(seed);
  for (int step = 0; step < k_steps && !::testing::Test::HasFailure(); ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    play.step();
  }
  if (!::testing::Test::HasFailure()) play.recover();
  if (!::testing::Test::HasFailure()) play.quiesce();
}

TEST(StoreCoreSeeds, NoPinIsBetrayedNobodyStarvesAndNothingIsLeft) {
  if (const auto only = testing::only_seed()) return run(*only);
  const std::uint64_t seeds = testing::seed_count(2000, 100);
  for (std::uint64_t seed = 1; seed <= seeds && !::testing::Test::HasFailure(); ++seed) run(seed);
  if (seeds < 1000) return;  // too few for all that is rare
  for (const char* what : {"admitted", "failed", "revoked", "evicted", "lost", "recalled", "warm", "overflow", "fault",
                           "pin held", "pin gone"}) {
    EXPECT_GT(Play::seen()[what], 0) << what << " never happened: the seeds prove less than they say";
  }
}

TEST(StoreCoreSeeds, TheSameSeedSaysTheSame) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    std::string first;
    for (int turn = 0; turn < 2; ++turn) {
      Play play(seed);
      for (int step = 0; step < k_steps; ++step) play.step();
      if (turn == 0) first = play.log();
      EXPECT_EQ(first, play.log()) << "seed " << seed;
      EXPECT_FALSE(first.empty());
    }
  }
}

}  // namespace
}  // namespace shoal::store
