#pragma once

#include <shoal/base/error.h>
#include <shoal/base/ids.h>

#include <cstdint>
#include <string>
#include <vector>

#include "store/place.h"
#include "wire/attachment.h"
#include "wire/failure.h"
#include "wire/stored.h"

/// The conversation of a machine's processes with its object store, which is part of its daemon: docs/STORE.md. What one
/// process says is heard in the order in which it was said, and all of it before the process is dead.
namespace shoal::wire {

// From the store.
/// The first thing: what it is. With the directory, for reading, and the process's own table of pins.
struct StoreIs {
  std::uint32_t slots = 0;
  std::uint64_t capacity_bytes = 0;
  Attachment files;
};
/// With the extent's memory. Comes before the first message that names the extent, once; after ForgetExtent again.
struct ExtentIs {
  std::uint64_t extent = 0;
  std::uint64_t bytes = 0;
  bool is_writable = false;
  Attachment files;
};
/// It is gone.
struct ForgetExtent {
  std::uint64_t extent = 0;
};
/// Others need memory: to be returned when nothing is being written there.
struct RecallExtent {
  std::uint64_t extent = 0;
};
/// To its writer, after SealObject.
struct ObjectPlaced {
  ObjectId object;
  store::Residence residence;
};
/// Answers to AskStore; ReleaseTicket is to follow.
struct StoreAdmitted {
  std::uint64_t n = 0;
  std::vector<StoredAt> objects;  ///< All that were asked for, in their order.
  std::uint64_t extent = 0;       ///< To write to; 0 = none.
  std::uint64_t extent_bytes = 0;
};
struct StoreFailed {
  std::uint64_t n = 0;
  ErrorCode code = ErrorCode::internal;
  std::string text;
};

// To the store.
/// Objects to be read, or an extent to write to: all of it or nothing, in the order of (age, process, n).
struct AskStore {
  std::uint64_t age = 0;
  std::uint64_t n = 0;
  std::vector<ObjectId> objects;
  std::uint64_t extent_bytes = 0;
};
/// Pinned, or not wanted any more.
struct ReleaseTicket {
  std::uint64_t age = 0;
  std::uint64_t n = 0;
};
/// Written; it exists as long as any process holds it, this one to begin with.
struct SealObject {
  ObjectId object;
  store::Place place;
};
struct ReturnExtent {
  std::uint64_t extent = 0;
};
/// The last pin of a slot that is closed is gone (store/pins.h).
struct RingSlot {
  std::uint32_t slot = 0;
};
/// That process holds it once more: said before it is sent what names the object.
struct GiveObject {
  ObjectId object;
  ProcessId to;
};
/// This process holds it once less.
struct DropObject {
  ObjectId object;
};

}  // namespace shoal::wire
