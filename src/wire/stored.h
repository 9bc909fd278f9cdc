#pragma once

#include <shoal/base/ids.h>
#include <shoal/wire/payload.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "base/thread_safety.h"
#include "store/place.h"

namespace shoal::wire {

/// An object of a machine's store, and where it lay when somebody last looked. It is named by the process that wrote it.
struct StoredAt {
  ObjectId object;
  store::Place place;
  store::Residence residence;  ///< Generation 0: not known.
};

/// What a process knows of an object that it holds in existence: the store keeps it, in memory or on disk, as long as one of
/// these lives in some process. Nothing is pinned by it. Threads may use one at once.
class StoredObject {
 public:
  /// Whoever tells the store that this process has one less.
  class Keeper {
   public:
    virtual ~Keeper() = default;
    virtual void let_go(const ObjectId& object) = 0;
  };

  /// Without a keeper, as it comes out of a frame, nobody is told of its end.
  explicit StoredObject(const StoredAt& at, std::shared_ptr<Keeper> keeper = nullptr)
      : keeper_(std::move(keeper)), at_(at) {}
  ~StoredObject() {
    if (keeper_ != nullptr) keeper_->let_go(at_.object);
  }
  StoredObject(const StoredObject&) = delete;
  StoredObject& operator=(const StoredObject&) = delete;

  /// Before another thread sees it.
  void keep_by(std::shared_ptr<Keeper> keeper) { keeper_ = std::move(keeper); }
  bool is_kept() const { return keeper_ != nullptr; }
  bool is_kept_by(const Keeper& keeper) const { return keeper_.get() == &keeper; }

  StoredAt at() const {
    const Lock lock(mutex_);
    return at_;
  }
  void found_at(const store::Place& place, const store::Residence& residence) {
    const Lock lock(mutex_);
    at_.place = place;
    at_.residence = residence;
  }
  std::uint64_t bytes() const { return at().place.bytes; }

 private:
  std::shared_ptr<Keeper> keeper_;
  mutable Mutex mutex_;
  StoredAt at_ GUARDED_BY(mutex_);
};

/// The same value, for those who know nothing of the store that parts of it lie in: they are bytes. Precondition: is_here().
Payload without_store(const Payload& value);

}  // namespace shoal::wire
