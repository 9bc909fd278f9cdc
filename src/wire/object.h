#pragma once

#include <shoal/base/ids.h>
#include <shoal/wire/payload.h>

#include <cstdint>
#include <vector>

#include "wire/failure.h"

/// References and values between processes. Whoever hands a reference over keeps a pin until the receiver has it
/// registered, or lets go of it:
/// 1. A process tells an object's owner once that it holds references (BorrowAdd), and once when none is left
///    (BorrowDrop). It may begin again.
/// 2. Arguments: the submitter pins them until the task has ended. Its end says whether the worker still holds some of
///    them, or of the references in their values (`retains`). Then the submitter keeps its pins until Retained, which
///    the worker sends when the owners of what it holds have acknowledged its BorrowAdds.
/// 3. Results that contain references: the worker pins those until the submitter, having registered itself for them,
///    sends ResultHeld. Only then does the submitter make the result known. Items of a stream likewise, by ItemHeld.
/// 4. Other values that contain references: whoever opens one registers itself for those before it lets go of the value.
namespace shoal::wire {

struct BorrowAdd {
  ObjectId object;
};
/// `known` is false where the object is gone: who asked came too late, by a fault or because its source died.
struct BorrowAdded {
  ObjectId object;
  bool known = false;
};
struct BorrowDrop {
  ObjectId object;
};

/// Rule 2: the worker is registered for what it retained of this task.
struct Retained {
  TaskId task;
  std::uint32_t attempt = 0;
};
/// Rule 3.
struct ResultHeld {
  TaskId task;
  std::uint32_t attempt = 0;
};
/// Rule 3 for an item that contains references, also where nobody wants it any more.
struct ItemHeld {
  TaskId task;
  std::uint32_t attempt = 0;
  std::uint64_t index = 0;
};

/// A borrower wants the value, once; the answer comes when there is one.
struct FetchValue {
  ObjectId object;
};
struct ValueIs {
  ObjectId object;
  Payload value;
};
struct ValueFailed {
  ObjectId object;
  FailurePtr failure;
};

}  // namespace shoal::wire
