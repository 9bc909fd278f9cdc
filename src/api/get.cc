#include <fmt/format.h>
#include <shoal/api/get.h>
#include <shoal/api/stream.h>
#include <shoal/base/error.h>

#include "api/current_session.h"
#include "api/raise.h"

namespace shoal::inline v1::detail {
namespace {

void require(const Handle& handle, const char* call) {
  if (!handle) {
    throw InvalidArgument(ErrorCode::invalid_argument,
                          fmt::format("{}: the Ref is empty: it refers to nothing until it is assigned to", call));
  }
}

}  // namespace

Deadline deadline_of(const std::optional<std::chrono::nanoseconds>& timeout) {
  if (!timeout) return std::nullopt;
  const auto now = std::chrono::steady_clock::now();
  const auto most = std::chrono::steady_clock::time_point::max() - now;
  if (*timeout >= most) return std::nullopt;
  return now + std::max(*timeout, std::chrono::nanoseconds(0));
}

const Payload& value_of(const Handle& handle, const Deadline& deadline, Payload& pinned) {
  require(handle, "get");
  owner::Object& object = *handle.object();
  if (!shell::OwnerStation::is_ready(object) && !handle.home().await(object, deadline)) {
    const std::string maker = handle.home().maker_of(object);
    throw Timeout(ErrorCode::timeout,
                  fmt::format("get: {}{} was not ready in time; what makes it goes on, and may be waited for again, or "
                              "cancelled",
                              to_string(object.id), maker.empty() ? "" : ", the result of " + maker + ","));
  }
  if (object.phase.load(std::memory_order_relaxed) == owner::Object::Phase::failed) raise(object.failure);
  const Payload* const value = handle.home().read(object, pinned, deadline);
  if (value != nullptr) return *value;
  throw Timeout(ErrorCode::timeout,
                fmt::format("get: {} is ready, and the store had no memory for it in time; it may be waited for again",
                            to_string(object.id)));
}

std::vector<std::size_t> wait_some(std::span<const Handle* const> handles, std::size_t num_ready,
                                   const Deadline& deadline) {
  if (num_ready == 0 || num_ready > handles.size()) {
    throw InvalidArgument(ErrorCode::invalid_argument,
                          fmt::format("wait: num_ready = {} of {} references; it is at least 1 and at most as many as "
                                      "there are",
                                      num_ready, handles.size()));
  }
  std::vector<std::size_t> ready;
  const auto look = [&] {
    ready.clear();
    for (std::size_t i = 0; i < handles.size() && ready.size() < num_ready; ++i) {
      require(*handles[i], "wait");
      if (handles[i]->is_ready()) ready.push_back(i);
    }
    return ready.size() == num_ready;
  };
  if (look()) return ready;
  std::vector<owner::Object*> objects;
  objects.reserve(handles.size());
  for (const Handle* const handle : handles) {
    require(*handle, "wait");
    objects.push_back(handle->object());
  }
  handles[0]->home().await(objects, num_ready, deadline);
  look();
  return ready;
}

Handle put(Payload value) {
  shell::OwnerStation& home = home_of_this_thread();
  return {home, home.put(std::move(value))};
}

void cancel(const Handle& handle, const CancelOptions& options) {
  require(handle, "cancel");
  handle.home().cancel(*handle.object(), options.recursive);
}

Handle next_item(const Handle& stream, const Deadline& deadline) {
  require(stream, "RefStream::next");
  bool in_time = true;
  owner::Object* const item = stream.home().next_item(*stream.object(), deadline, in_time);
  if (item != nullptr) return {stream.home(), item};
  if (!in_time) {
    throw Timeout(ErrorCode::timeout, "RefStream::next: no item of " + to_string(stream.id()) +
                                          " came in time; the task goes on, and may be waited for again");
  }
  if (stream.object()->phase.load(std::memory_order_acquire) == owner::Object::Phase::failed) {
    raise(stream.object()->failure);
  }
  return {};
}

void drop_stream(const Handle& stream) { stream.home().drop_stream(*stream.object()); }

Handle OpenedValue::open(const ObjectId& id) { return {outer_.home(), outer_.home().open(id, *outer_.object())}; }

}  // namespace shoal::inline v1::detail
