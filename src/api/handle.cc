#include <shoal/api/ref.h>
#include <shoal/base/error.h>
#include <shoal/shell/handle.h>

#include "api/current_session.h"

namespace shoal::inline v1::detail {

ObjectId Handle::id() const { return object_->id; }

bool Handle::is_ready() const { return shell::OwnerStation::is_ready(*object_); }

void Handle::add() const { shell::OwnerStation::add_handle(*object_); }

void Handle::release() { home_->drop_handle(*object_); }

void check_passable(const Handle& handle, const shell::OwnerStation& here) {
  if (!handle) {
    throw InvalidArgument(ErrorCode::invalid_argument,
                          "an empty Ref cannot be passed on: it refers to nothing until it is assigned to");
  }
  if (&handle.home() != &here) {
    throw InvalidArgument(ErrorCode::invalid_argument,
                          "the reference to " + to_string(handle.id()) + " belongs to " +
                              to_string(handle.home().self()) + " and cannot be passed on by " +
                              to_string(here.self()) +
                              ": references reach a task as arguments or in values, not by way of globals");
  }
}

void encode_handle(Encoder& to, const Handle& handle) {
  check_passable(handle, home_of_this_thread());
  to.add_ref(handle.id());
}

void decode_handle(Decoder& from, Handle& handle) {
  const ObjectId id = from.take_ref();
  if (!from.ok()) return;
  if (from.context() == nullptr) return from.fail("it has references, which nobody here may open");
  handle = static_cast<RefSource*>(from.context())->open(id);
}

}  // namespace shoal::inline v1::detail
