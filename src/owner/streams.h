#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "owner/objects.h"
#include "owner/outbox.h"
#include "owner/stream.h"
#include "owner/task.h"

namespace shoal::owner {

/// The streams of the tasks that this process submitted: items as they come, in order and each once, whatever became of
/// attempts; who waits for them, and how much more may come.
class Streams {
 public:
  Streams(std::int64_t bytes_max, Objects& objects, Outbox& out)
      : bytes_max_(bytes_max), objects_(objects), out_(out) {}
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  /// Of a task that is being submitted and has its result.
  Stream& make(Task& task);
  /// Null where it is none, was dropped, or gave all that it will give.
  Stream* find(const Object& end);

  /// The next item, with one handle; null where it is not there.
  Object* next_item(Stream& stream);
  /// Tells `waiter` when the next item is there or the end is known, now if so.
  void watch(Stream& stream, Waiter* waiter);
  void unwatch(Stream& stream, Waiter* waiter);
  /// The consumer wants no more. What comes from now on is refused; the stream may be gone.
  void drop(Stream& stream);
  /// Its end is known. It is gone if all was taken.
  void end(Stream& stream);

  void add(Stream& stream, ProcessId from, wire::StreamItem& item);
  /// Nobody wants it.
  void refuse(ProcessId from, const wire::StreamItem& item);
  /// This process is registered for what the item contains.
  void registered(Arrival& arrival);
  std::size_t size() const { return streams_.size(); }

 private:
  void tell(Stream& stream);
  void give_credit(Stream& stream);
  void destroy(Stream& stream);

  const std::int64_t bytes_max_;
  Objects& objects_;
  Outbox& out_;
  std::map<std::uint64_t, Stream> streams_;  // by the number of their tasks
};

}  // namespace shoal::owner
