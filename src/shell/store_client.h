#pragma once

#include <shoal/base/ids.h>
#include <shoal/wire/payload.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/posix.h"
#include "base/thread_safety.h"
#include "shell/event.h"
#include "shell/mapped_extent.h"
#include "shell/timed_station.h"
#include "store/memory.h"
#include "store/pins.h"
#include "store/writer.h"
#include "wire/stored.h"

namespace shoal::shell {

/// A process's side of its machine's object store: where large values are written, and how they are pinned to be read. Any
/// thread may call it. It lives as long as anything that lies in the store is held here, and after close() is of use for
/// nothing but what is pinned.
class StoreClient final : public LargeMemory,
                          public wire::StoredObject::Keeper,
                          public std::enable_shared_from_this<StoreClient>,
                          private Timed {
 public:
  /// `age`: whose turn the calling thread has where memory is short; called under no lock of this.
  StoreClient(Surroundings& around, ProcessId self, ProcessId node, std::function<std::uint64_t()> age);
  ~StoreClient() override;
  StoreClient(const StoreClient&) = delete;
  StoreClient& operator=(const StoreClient&) = delete;

  /// Whether the machine has a store, and said so.
  bool is_ready() const { return is_ready_.load(std::memory_order_acquire); }
  /// Memory that others can read once it is part of a value. The holder may outlive the session.
  Room allocate(std::size_t bytes) override { return allocate(bytes, Deadline()); }
  Room try_allocate(std::size_t bytes) override;
  void fill(std::uint8_t* to, std::span<const std::uint8_t> from) override;
  /// The same value, and what of it is large is an object of the store, not pinned. Throws as allocate().
  Payload store(Payload value);
  /// Pins what has to be pinned; all of it, or nothing where the deadline came first, which is false. Throws ObjectLost,
  /// StoreFull, Cancelled.
  bool pin(std::span<Payload* const> values, const Deadline& deadline);

  /// What the store has to hear before this message goes to another process, which then holds what is in it.
  static void add_gives(const wire::Message& message, ProcessId to, std::vector<wire::Message>& into);
  /// What came in a message is held by this process.
  void take(const wire::Message& message);
  /// A message of the store; false where it is none. Under the station's lock.
  bool on_message(wire::Message& message);

  /// Whoever waits is told why, and whoever would: the error, or Cancelled where there is none.
  void stop(const Status& why = {});
  /// Nobody waits any more but the caller.
  void resume();
  /// From now on it hears nothing, says nothing and keeps what is pinned.
  void close();

 private:
  struct Piece;
  class Pin;
  struct Question;
  struct Wanted {
    std::shared_ptr<wire::StoredObject> stored;
    SharedBytes pinned;
  };

  void let_go(const ObjectId& object) override;
  void on_time() override;

  void on(wire::StoreIs& is);
  void on(const wire::ExtentIs& is);
  void on(const wire::ForgetExtent& forget);
  void on(const wire::RecallExtent& recall);
  void on(const wire::ObjectPlaced& placed);
  void on(wire::StoreAdmitted& admitted);
  void on(wire::StoreFailed& failed);

  /// False where the deadline came first.
  bool ask(Question& question, const Deadline& deadline);
  std::uint64_t extent_bytes(std::size_t bytes) const REQUIRES(mutex_);
  /// Without a holder where the deadline came first.
  Room allocate(std::size_t bytes, const Deadline& deadline);
  Room open(const store::Piece& piece) REQUIRES(mutex_);
  static const Piece& piece_of(const Room& room) { return *static_cast<const Piece*>(room.holder.get()); }
  SharedBytes store_block(const SharedBytes& block);
  std::shared_ptr<wire::StoredObject> seal(Piece& piece, std::size_t bytes) REQUIRES(mutex_);
  void end(Piece& piece);
  /// Without a holder where it is not in memory any more, or nobody knows whether.
  SharedBytes try_pin(const std::shared_ptr<wire::StoredObject>& stored);
  bool pin_all(std::vector<Wanted>& wanted, const Deadline& deadline);
  [[noreturn]] void throw_stopped() const REQUIRES(mutex_);
  void ring(std::uint32_t slot);

  /// Says what waits to be said, and then this.
  void say(wire::Message message) REQUIRES(mutex_);
  /// Says it soon.
  void say_later(wire::Message message) REQUIRES(mutex_);
  void send_waiting() REQUIRES(mutex_);
  void return_extents() REQUIRES(mutex_);

  Surroundings& around_;  // until it is closed
  const ProcessId self_, node_;
  const std::function<std::uint64_t()> age_;

  std::atomic<bool> is_ready_{false};

  mutable Mutex mutex_;
  bool is_stopping_ GUARDED_BY(mutex_) = false;
  Status stopped_by_ GUARDED_BY(mutex_);
  bool is_closed_ GUARDED_BY(mutex_) = false;
  std::uint64_t capacity_ GUARDED_BY(mutex_) = 0;
  std::size_t slots_ GUARDED_BY(mutex_) = 0;
  store::Mapping directory_, counts_;    // constant once slots_ is set
  std::optional<store::PinTable> pins_;  // likewise
  std::map<store::ExtentId, std::shared_ptr<MappedExtent>> extents_ GUARDED_BY(mutex_);
  store::Writer writer_ GUARDED_BY(mutex_);
  std::map<const std::uint8_t*, Piece*> pieces_ GUARDED_BY(mutex_);                  // by their first byte
  std::map<ObjectId, std::weak_ptr<wire::StoredObject>> sealed_ GUARDED_BY(mutex_);  // whose residence is not known
  std::map<std::uint64_t, Question*> questions_ GUARDED_BY(mutex_);
  std::uint64_t last_object_ GUARDED_BY(mutex_) = 0, last_question_ GUARDED_BY(mutex_) = 0;
  std::vector<wire::Envelope> waiting_ GUARDED_BY(mutex_);
};

}  // namespace shoal::shell
