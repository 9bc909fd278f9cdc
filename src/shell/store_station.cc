#include "shell/store_station.h"

#include <fcntl.h>
#include <shoal/base/log.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <type_traits>
#include <variant>

#include "base/posix.h"
#include "shell/limits.h"
#include "shell/machine.h"

namespace shoal::shell {
namespace {

/// All drivers of a daemon share the store: none has a quota yet.
constexpr store::JobId k_job = 1;

template <class M>
constexpr bool k_is_for_store = std::is_same_v<M, wire::AskStore> || std::is_same_v<M, wire::ReleaseTicket> ||
                                std::is_same_v<M, wire::SealObject> || std::is_same_v<M, wire::ReturnExtent> ||
                                std::is_same_v<M, wire::RingSlot> || std::is_same_v<M, wire::GiveObject> ||
                                std::is_same_v<M, wire::DropObject>;

store::SharedMemory table_of(std::size_t bytes_each) {
  return store::SharedMemory::create(k_store_slots * bytes_each, store::SharedMemory::Reserve::when_touched)
      .value_or_throw();
}

store::Mapping map_all(const store::SharedMemory& memory) {
  return store::Mapping::map(memory.writer(), memory.bytes(), store::Mapping::Access::write).value_or_throw();
}

std::unique_ptr<store::SpillFiles> open_files(const std::string& folder) {
  if (!folder.empty()) return store::SpillFiles::open({.folders = {folder}}).value_or_throw();
  std::error_code fault;
  const std::string usual = std::filesystem::temp_directory_path(fault).string();
  auto files = store::SpillFiles::open({.folders = {usual}});
  if (files.ok()) return std::move(*files);
  log::warn("nothing that has no room in memory goes to disk: {}", files.status().text());
  return nullptr;
}

std::string place_of(const store::ObjectInfo& object) {
  using Where = store::ObjectInfo::Where;
  using State = store::ObjectInfo::State;
  if (object.state == State::spilling) return "on its way to disk";
  if (object.state == State::restoring) return "on its way from disk";
  switch (object.where) {
    case Where::memory: return "memory";
    case Where::memory_and_spill: return "memory and disk";
    case Where::spill: return "disk";
    case Where::overflow: return "disk, mapped";
  }
  return "memory";
}

Result<std::shared_ptr<const Fd>> to_read(const store::SharedMemory& memory) {
  SHOAL_ASSIGN_OR_RETURN(Fd reader, memory.reader());
  return std::make_shared<const Fd>(std::move(reader));
}

Result<std::shared_ptr<const Fd>> to_write(const store::SharedMemory& memory) {
  Fd writer(::fcntl(memory.writer(), F_DUPFD_CLOEXEC, 0));
  if (!writer.is_open()) return errno_status(errno, "pass on", "shared memory of the store");
  return std::make_shared<const Fd>(std::move(writer));
}

}  // namespace

std::uint64_t default_store_bytes() {
  const auto all = static_cast<std::uint64_t>(read_machine().memory);
  const std::uint64_t part = all / 10 * 3;
  const std::uint64_t free = store::available_memory().value_or(all);
  return std::max(k_store_bytes_min, std::min(part, free / 2));
}

bool is_for_store(const wire::Message& message) {
  return std::visit([]<class M>(const M&) { return k_is_for_store<M>; }, message);
}

StoreStation::StoreStation(Surroundings& around, ProcessId self, const Options& options)
    : StoreStation(around, self, options.capacity_bytes, open_files(options.spill_folder)) {}

StoreStation::StoreStation(Surroundings& around, ProcessId self, std::uint64_t capacity_bytes,
                           std::unique_ptr<store::SpillFiles> files)
    : Station(around.network, self),
      capacity_bytes_(capacity_bytes),
      around_(around),
      directory_(table_of(sizeof(store::DirectoryWord))),
      words_(map_all(directory_)),
      board_(words_.as<store::DirectoryWord>(k_store_slots)),
      core_({.capacity_bytes = capacity_bytes, .has_disk = files != nullptr}, board_) {
  disk_ = std::make_unique<StoreDisk>(std::move(files), [this](const store::Action& action, const Status& status,
                                                               std::shared_ptr<const store::SharedMemory> memory) {
    on_done(action, status, std::move(memory));
  });
  around_.network.add(*this);
}

StoreStation::~StoreStation() {
  stop();
  around_.network.remove(*this);
}

void StoreStation::stop() {
  std::unique_ptr<StoreDisk> disk;
  enter([&] { disk = std::move(disk_); });
}

void StoreStation::attach(ProcessId process) {
  store::SharedMemory memory = table_of(sizeof(store::PinCount));
  store::Mapping pins = map_all(memory);
  std::shared_ptr<const Fd> own = to_write(memory).value_or_throw();
  enter([&] {
    wire::StoreIs is{.slots = k_store_slots, .capacity_bytes = capacity_bytes_, .files = {}};
    is.files.files = {to_read(directory_).value_or_throw(), std::move(own)};
    board_.attach(process, pins.as<store::PinCount>(k_store_slots));
    core_.attach(process, k_job);
    processes_.emplace(process, Process{std::move(memory), std::move(pins), {}});
    say(process, std::move(is));
  });
}

void StoreStation::on_process_died(ProcessId process) {
  enter([&] {
    if (processes_.count(process) == 0) return;
    for (const ObjectId& object : holds_.on_process_died(process)) core_.drop(object);
    core_.on_process_died(process);
    processes_.erase(process);
    std::erase_if(early_, [process](const auto& each) { return each.first == process; });
    ask_early();
  });
}

std::vector<store::ObjectInfo> StoreStation::objects() {
  std::vector<store::ObjectInfo> all;
  enter([&] { all = core_.objects(); });
  return all;
}

store::Core::Usage StoreStation::usage() {
  store::Core::Usage usage;
  enter([&] { usage = core_.usage(); });
  return usage;
}

void StoreStation::describe(wire::StatusIs& into, std::size_t objects_max) {
  const store::Core::Usage used = usage();
  into.store = {.capacity_bytes = capacity_bytes_,
                .memory_bytes = used.memory_bytes,
                .spilled_bytes = used.spilled_bytes,
                .objects = used.objects,
                .waiting = used.tickets};
  if (objects_max == 0) return;
  std::vector<store::ObjectInfo> all = objects();
  const std::size_t shown = std::min(objects_max, all.size());
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(shown);
  std::partial_sort(all.begin(), end, all.end(), [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
  for (auto each = all.begin(); each != end; ++each) {
    wire::ObjectInfo info{.object = each->object, .bytes = each->bytes, .place = place_of(*each), .pinned_by = {}};
    for (const auto& [process, times] : each->pins) info.pinned_by.push_back(process);
    into.objects.push_back(std::move(info));
  }
}

// --- What processes say.

void StoreStation::on_message(ProcessId from, wire::Message& message) {
  if (processes_.count(from) == 0) return;  // it is dead
  std::visit(
      [&]<class M>(const M& what) {
        if constexpr (k_is_for_store<M>) on(from, what);
      },
      message);
}

void StoreStation::on(ProcessId from, const wire::AskStore& ask) {
  const auto is_early = [this](const ObjectId& object) { return holds_.may_begin(object); };
  if (std::ranges::any_of(ask.objects, is_early)) return void(early_.emplace_back(from, ask));
  const store::TicketId ticket{ask.age, from, ask.n};
  const Status status = core_.ask({ticket, ask.objects, ask.extent_bytes});
  if (!status.ok()) fail(ticket, status);
}

void StoreStation::ask_early() {
  std::vector<std::pair<ProcessId, wire::AskStore>> early;
  early.swap(early_);
  for (const auto& [from, ask] : early) on(from, ask);
}

void StoreStation::on(ProcessId from, const wire::ReleaseTicket& release) {
  std::erase_if(early_, [&](const auto& each) { return each.first == from && each.second.n == release.n; });
  core_.release({release.age, from, release.n});
}

void StoreStation::on(ProcessId from, const wire::SealObject& seal) {
  if (!holds_.begin(seal.object, from)) return;
  if (const Status status = core_.seal(from, seal.object, seal.place); !status.ok()) log::error("{}", status.text());
  if (const auto located = core_.find(seal.object)) say(from, wire::ObjectPlaced{seal.object, located->residence});
  ask_early();
}

void StoreStation::on(ProcessId from, const wire::ReturnExtent& returned) {
  core_.return_extent(from, returned.extent);
}

void StoreStation::on(ProcessId, const wire::RingSlot& ring) { core_.on_unpinned(ring.slot); }

void StoreStation::on(ProcessId, const wire::GiveObject& give) { holds_.give(give.object, give.to); }

void StoreStation::on(ProcessId from, const wire::DropObject& drop) {
  if (holds_.drop(drop.object, from)) core_.drop(drop.object);
}

// --- What the core wants.

void StoreStation::take_messages(std::vector<wire::Envelope>& into) {
  for (core_.take_actions(actions_); !actions_.empty(); core_.take_actions(actions_)) {
    for (store::Action& action : actions_) act(action);
  }
  into.swap(leaving_);
  leaving_.clear();
}

void StoreStation::act(store::Action& action) {
  if (const auto* const admitted = std::get_if<store::Admitted>(&action)) return answer(*admitted);
  if (const auto* const failed = std::get_if<store::Failed>(&action)) return fail(failed->ticket, failed->status);
  if (const auto* const unmaps = std::get_if<store::UnmapExtent>(&action)) {
    const auto process = processes_.find(unmaps->process);
    if (process == processes_.end() || process->second.told.erase(unmaps->extent) == 0) return;
    return say(unmaps->process, wire::ForgetExtent{unmaps->extent});
  }
  if (const auto* const recalls = std::get_if<store::RecallExtent>(&action)) {
    return say(recalls->process, wire::RecallExtent{recalls->extent});
  }
  // The ticket of whoever wanted it says so; tickets here run, and there are no copies.
  if (const auto* const lost = std::get_if<store::Lost>(&action)) return log::error("{}", lost->status.text());
  if (std::holds_alternative<store::Revoked>(action) || std::holds_alternative<store::Evicted>(action)) return;
  if (const auto* const reclaims = std::get_if<store::ReclaimExtent>(&action)) extents_.erase(reclaims->extent);
  if (disk_ != nullptr) disk_->post(std::move(action));
}

void StoreStation::answer(const store::Admitted& admitted) {
  const ProcessId to = admitted.ticket.process;
  if (processes_.count(to) == 0) return;
  wire::StoreAdmitted answer{
      .n = admitted.ticket.n, .objects = {}, .extent = admitted.extent.extent, .extent_bytes = admitted.extent.bytes};
  Status status;
  if (answer.extent != 0) status = tell_extent(to, answer.extent, true);
  for (const store::Located& each : admitted.objects) {
    if (status.ok()) status = tell_extent(to, each.place.extent, false);
    answer.objects.push_back({each.object, each.place, each.residence});
  }
  status.ok() ? say(to, std::move(answer)) : fail(admitted.ticket, status);
}

void StoreStation::fail(const store::TicketId& ticket, const Status& status) {
  say(ticket.process, wire::StoreFailed{ticket.n, status.code(), status.text()});
}

Status StoreStation::tell_extent(ProcessId to, store::ExtentId id, bool is_writable) {
  std::set<store::ExtentId>& told = processes_.at(to).told;
  if (told.count(id) > 0) return {};
  const store::SharedMemory& memory = *extents_.at(id);
  SHOAL_ASSIGN_OR_RETURN(std::shared_ptr<const Fd> file, is_writable ? to_write(memory) : to_read(memory));
  wire::ExtentIs is{.extent = id, .bytes = memory.bytes(), .is_writable = is_writable, .files = {}};
  is.files.files.push_back(std::move(file));
  say(to, std::move(is));
  told.insert(id);
  return {};
}

/// On the disk's thread.
void StoreStation::on_done(const store::Action& action, const Status& status,
                           std::shared_ptr<const store::SharedMemory> memory) {
  enter([&] {
    if (const auto* const created = std::get_if<store::CreateExtent>(&action)) {
      if (memory != nullptr) extents_[created->extent] = std::move(memory);
      status.ok() ? core_.on_extent_created(created->extent) : core_.on_extent_failed(created->extent, status);
    } else if (const auto* const wrote = std::get_if<store::WriteSpill>(&action)) {
      status.ok() ? core_.on_spill_written(wrote->key) : core_.on_spill_failed(wrote->key, status);
    } else if (const auto* const read = std::get_if<store::ReadSpill>(&action)) {
      status.ok() ? core_.on_restored(read->key) : core_.on_restore_failed(read->key, status);
    }
  });
}

}  // namespace shoal::shell
