#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "owner/object.h"
#include "wire/task.h"

namespace shoal::owner {

struct Stream;

/// An item that contains references for which this process is not registered yet.
struct Arrival {
  Hold known{Hold::Goal::item};
  Stream* stream = nullptr;
  Object* object = nullptr;  ///< Pending.
  ProcessId worker;          ///< Which pins what the item contains until it is told.
  std::uint32_t attempt = 0;
  std::uint64_t item = 0;
  Payload value;
  std::vector<ObjectId> held;  ///< What it contains, pinned here.
};

/// The items of a task that gives them while it runs, at the process that submitted it: from its submission until the last
/// item was taken. Made and destroyed by Streams.
struct Stream {
  struct Item {
    Object* object = nullptr;  ///< Pinned; pending while it arrives.
    std::int64_t cost = 0;
  };

  TaskId id;
  Task* task = nullptr;                       ///< Null once its end is known.
  Object* end = nullptr;                      ///< Its result, pinned; null = the consumer wants no more.
  std::deque<Item> items;                     ///< Those that nobody took, in order.
  std::map<std::uint32_t, Arrival> arriving;  ///< By the index of their objects.
  std::uint64_t received = 0;                 ///< In all attempts; the next one leaves out so many.
  std::int64_t bytes_max = 0;                 ///< That may wait here.
  std::int64_t bytes = 0;                     ///< That do.
  std::int64_t taken = 0;                     ///< Since the attempt was sent.
  std::int64_t credited = 0;                  ///< Of that: what its worker was told.
  std::vector<Waiter*> waiters;

  // The last attempt is over; that becomes known after all items.
  bool is_over = false;
  wire::FailurePtr failure;

  /// An attempt is sent: it goes on where earlier ones stopped.
  void begin(wire::PushTask& attempt) {
    attempt.skip_items = received;
    attempt.credit = bytes_max - bytes;
    taken = credited = 0;
  }
};

}  // namespace shoal::owner
