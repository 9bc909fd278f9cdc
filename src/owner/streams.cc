#include "owner/streams.h"

#include <cassert>
#include <utility>

namespace shoal::owner {
namespace {

bool is_known(const Object& object) { return object.phase.load(std::memory_order_relaxed) != Object::Phase::pending; }

}  // namespace

Stream& Streams::make(Task& task) {
  Stream& stream = streams_[task.id.n];
  stream.id = task.id;
  stream.task = &task;
  stream.end = task.results;
  stream.bytes_max = bytes_max_;
  objects_.pin(*stream.end);
  return stream;
}

Stream* Streams::find(const Object& end) {
  const auto found = streams_.find(end.id.n);
  return found != streams_.end() && found->second.end == &end ? &found->second : nullptr;
}

void Streams::destroy(Stream& stream) {
  assert(stream.items.empty() && stream.arriving.empty() && stream.task == nullptr);
  Object* const end = stream.end;
  streams_.erase(stream.id.n);
  if (end != nullptr) objects_.unpin(*end);
}

// --- The consumer.

Object* Streams::next_item(Stream& stream) {
  if (stream.items.empty() || !is_known(*stream.items.front().object)) return nullptr;
  const Stream::Item item = stream.items.front();
  stream.items.pop_front();
  stream.bytes -= item.cost;
  stream.taken += item.cost;
  item.object->handles.fetch_add(1, std::memory_order_relaxed);
  objects_.unpin(*item.object);
  if (stream.task != nullptr) {
    give_credit(stream);
  } else if (stream.items.empty()) {
    destroy(stream);
  }
  return item.object;
}

/// A quarter at a time: a worker that waits has more than that with the consumer, or on the way there.
void Streams::give_credit(Stream& stream) {
  const Task& task = *stream.task;
  if (task.state != Task::State::pushed || stream.taken - stream.credited < stream.bytes_max / 4) return;
  stream.credited = stream.taken;
  out_.send(task.worker, wire::StreamCredit{task.id, task.attempt, stream.taken});
}

void Streams::watch(Stream& stream, Waiter* waiter) {
  const bool is_there = !stream.items.empty() && is_known(*stream.items.front().object);
  if (is_there || stream.task == nullptr) return waiter->on_ready(*stream.end);
  stream.waiters.push_back(waiter);
}

void Streams::unwatch(Stream& stream, Waiter* waiter) { std::erase(stream.waiters, waiter); }

void Streams::tell(Stream& stream) {
  for (Waiter* const waiter : std::exchange(stream.waiters, {})) waiter->on_ready(*stream.end);
}

void Streams::drop(Stream& stream) {
  tell(stream);
  stream.task = nullptr;
  for (const Stream::Item& item : std::exchange(stream.items, {})) {
    if (is_known(*item.object)) objects_.unpin(*item.object);
  }
  objects_.unpin(*std::exchange(stream.end, nullptr));
  if (stream.arriving.empty()) destroy(stream);
}

void Streams::end(Stream& stream) {
  stream.task = nullptr;
  tell(stream);
  if (stream.items.empty()) destroy(stream);
}

// --- Items.

void Streams::add(Stream& stream, ProcessId from, wire::StreamItem& item) {
  // Indices come round again: then the object of one so long ago is gone.
  const auto index = static_cast<std::uint32_t>(1 + stream.received++ % UINT32_MAX);
  Object* const object = objects_.make({stream.id.owner, stream.id.n, index});
  objects_.pin(*object);
  const std::int64_t cost = wire::cost_of(item.value);
  stream.items.push_back({object, cost});
  stream.bytes += cost;
  if (item.value.refs().empty()) {
    objects_.set_value(*object, std::move(item.value));
    if (is_known(*stream.items.front().object)) tell(stream);
    return;
  }
  Arrival& arrival = stream.arriving[index];
  arrival.known.target = &arrival;
  arrival.stream = &stream;
  arrival.object = object;
  arrival.worker = from;
  arrival.attempt = item.attempt;
  arrival.item = item.index;
  arrival.held.assign(item.value.refs().begin(), item.value.refs().end());
  arrival.value = std::move(item.value);
  objects_.hold_all(arrival.held, arrival.known);
  if (arrival.known.missing == 0) registered(arrival);
}

void Streams::refuse(ProcessId from, const wire::StreamItem& item) {
  if (!item.value.refs().empty()) out_.send(from, wire::ItemHeld{item.task, item.attempt, item.index});
}

void Streams::registered(Arrival& arrival) {
  Stream& stream = *arrival.stream;
  const std::uint32_t index = arrival.object->id.index;
  const bool is_wanted = stream.end != nullptr;
  out_.send(arrival.worker, wire::ItemHeld{stream.id, arrival.attempt, arrival.item});
  if (is_wanted) objects_.set_value(*arrival.object, std::move(arrival.value));
  objects_.unpin_all(arrival.held);
  if (!is_wanted) objects_.unpin(*arrival.object);
  stream.arriving.erase(index);
  if (is_wanted) {
    if (is_known(*stream.items.front().object)) tell(stream);
  } else if (stream.arriving.empty()) {
    destroy(stream);
  }
}

}  // namespace shoal::owner
