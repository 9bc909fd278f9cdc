#include "shell/store_disk.h"

#include <shoal/base/log.h>

#include <span>
#include <utility>
#include <variant>

namespace shoal::shell {

StoreDisk::StoreDisk(std::unique_ptr<store::SpillFiles> files, Told told)
    : files_(std::move(files)), told_(std::move(told)), thread_([this] { run(); }) {}

StoreDisk::~StoreDisk() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  thread_.join();
}

void StoreDisk::post(store::Action action) {
  const Lock lock(mutex_);
  actions_.push_back(std::move(action));
  changed_.notify_one();
}

void StoreDisk::run() {
  Lock lock(mutex_);
  while (!stopping_) {
    if (actions_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const store::Action action = std::move(actions_.front());
    actions_.pop_front();
    lock.unlock();
    carry_out(action);
    lock.lock();
  }
}

void StoreDisk::carry_out(const store::Action& action) {
  if (const auto* const creates = std::get_if<store::CreateExtent>(&action)) {
    const auto made = create(*creates);
    told_(action, made.status(), made.ok() ? *made : nullptr);
  } else if (const auto* const reclaims = std::get_if<store::ReclaimExtent>(&action)) {
    if (const Status status = reclaim(reclaims->extent); !status.ok()) log::warn("{}", status.text());
  } else if (const auto* const removes = std::get_if<store::DeleteSpill>(&action)) {
    files_->remove(removes->key);
  } else {
    told_(action, transfer(action), nullptr);
  }
}

Result<std::shared_ptr<store::SharedMemory>> StoreDisk::create(const store::CreateExtent& what) {
  SHOAL_ASSIGN_OR_RETURN(store::SharedMemory memory,
                         what.on_disk ? store::SharedMemory::create_on_disk(what.bytes, files_->roomiest())
                                      : store::SharedMemory::create(what.bytes));
  auto shared = std::make_shared<store::SharedMemory>(std::move(memory));
  extents_[what.extent].memory = shared;
  return shared;
}

Status StoreDisk::reclaim(store::ExtentId id) {
  const auto extent = extents_.find(id);
  const std::shared_ptr<store::SharedMemory> memory = std::move(extent->second.memory);
  extents_.erase(extent);
  return memory->discard();
}

Status StoreDisk::transfer(const store::Action& action) {
  if (const auto* const writes = std::get_if<store::WriteSpill>(&action)) {
    SHOAL_ASSIGN_OR_RETURN(const std::span<std::byte> bytes, bytes_at(writes->from));
    return files_->write(writes->key, bytes);
  }
  const auto& reads = std::get<store::ReadSpill>(action);
  SHOAL_ASSIGN_OR_RETURN(const std::span<std::byte> bytes, bytes_at(reads.to));
  return files_->read(reads.key, bytes);
}

Result<std::span<std::byte>> StoreDisk::bytes_at(const store::Place& place) {
  Extent& extent = extents_.at(place.extent);
  if (extent.mapping.bytes().empty()) {
    SHOAL_ASSIGN_OR_RETURN(extent.mapping, store::Mapping::map(extent.memory->writer(), extent.memory->bytes(),
                                                               store::Mapping::Access::write));
  }
  return extent.mapping.bytes().subspan(place.offset, place.bytes);
}

}  // namespace shoal::shell
