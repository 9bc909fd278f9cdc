#include "shell/store_client.h"

#include <shoal/base/error.h>
#include <shoal/base/log.h>
#include <shoal/wire/encoder.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <type_traits>
#include <utility>
#include <variant>

#include "shell/limits.h"
#include "store/limits.h"
#include "wire/values.h"

namespace shoal::shell {
namespace {

/// Whether there is something of it to store, or to unpin.
bool concerns_store(const Payload& value) {
  const SharedBytes block = value.block();
  const auto concerns = [](const SharedBytes& part) {
    return part.stored != nullptr ? part.holder != nullptr : part.bytes.size() >= detail::k_large_bytes;
  };
  return concerns(block) || std::ranges::any_of(value.parts(), concerns);
}

/// Calls f(stored) for each object of the store that stands in a value of the message.
template <class F>
void for_each_stored(const wire::Message& message, F&& f) {
  const auto see = [&f](const SharedBytes& block) {
    if (block.stored != nullptr) f(*block.stored);
  };
  wire::for_each_value(message, [&see](const Payload& value) {
    if (value.total_bytes() == value.carried_bytes()) return;
    see(value.block());
    for (const SharedBytes& part : value.parts()) see(part);
  });
}

}  // namespace

/// A piece that this process wrote or writes, as long as anybody here refers to its memory. Guarded by the client's lock but
/// for what is constant.
struct StoreClient::Piece {
  ~Piece() { home->end(*this); }

  const std::shared_ptr<StoreClient> home;
  const std::shared_ptr<MappedExtent> memory;
  const store::Piece piece;
  std::shared_ptr<wire::StoredObject> stored{};  ///< Once it is sealed.
};

/// One pin, while somebody reads.
class StoreClient::Pin {
 public:
  Pin(std::shared_ptr<StoreClient> home, const store::Residence& residence, std::shared_ptr<const MappedExtent> memory,
      std::shared_ptr<wire::StoredObject> stored)
      : home_(std::move(home)), residence_(residence), memory_(std::move(memory)), stored_(std::move(stored)) {}
  ~Pin() {
    if (home_->pins_->unpin(residence_)) home_->ring(residence_.slot);
  }
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;

 private:
  const std::shared_ptr<StoreClient> home_;
  const store::Residence residence_;
  const std::shared_ptr<const MappedExtent> memory_;
  const std::shared_ptr<wire::StoredObject> stored_;
};

/// One thread that waits for a ticket. Guarded by the client's lock but for the event.
struct StoreClient::Question {
  wire::AskStore asked{};
  wire::StoreAdmitted answer{};
  Status status{};
  bool is_answered = false;
  Event event{};
};

StoreClient::StoreClient(Surroundings& around, ProcessId self, ProcessId node, std::function<std::uint64_t()> age)
    : around_(around), self_(self), node_(node), age_(std::move(age)), writer_(detail::k_large_bytes) {
  around_.pump.add(*this);
}

StoreClient::~StoreClient() = default;

// --- Writing.

std::uint64_t StoreClient::extent_bytes(std::size_t bytes) const {
  const std::uint64_t part = capacity_ / k_extent_part / store::k_page_bytes * store::k_page_bytes;
  return std::max(store::round_up(bytes, store::k_page_bytes), std::min(writer_.extent_bytes(bytes), part));
}

LargeMemory::Room StoreClient::try_allocate(std::size_t bytes) {
  Room room = allocate(bytes, std::chrono::steady_clock::now() + std::chrono::nanoseconds(k_moment_ns));
  if (room.holder != nullptr) piece_of(room).memory->touch(piece_of(room).piece.offset + bytes);
  return room;
}

LargeMemory::Room StoreClient::allocate(std::size_t bytes, const Deadline& deadline) {
  Question question;
  {
    const Lock lock(mutex_);
    if (const auto piece = writer_.allocate(bytes)) return open(*piece);
    question.asked.extent_bytes = extent_bytes(bytes);
  }
  if (!ask(question, deadline)) return {};
  Room room;
  {
    const Lock lock(mutex_);
    writer_.add(question.answer.extent, extents_.at(question.answer.extent)->to_write());
    say(wire::ReleaseTicket{question.asked.age, question.asked.n});
    room = open(*writer_.allocate(bytes));
    return_extents();
  }
  piece_of(room).memory->begin_use();
  return room;
}

LargeMemory::Room StoreClient::open(const store::Piece& piece) {
  auto opened = std::shared_ptr<Piece>(new Piece{shared_from_this(), extents_.at(piece.extent), piece});
  auto* const first = reinterpret_cast<std::uint8_t*>(piece.bytes.data());
  pieces_[first] = opened.get();
  return {std::move(opened), {first, piece.bytes.size()}};
}

void StoreClient::fill(std::uint8_t* to, std::span<const std::uint8_t> from) {
  std::shared_ptr<MappedExtent> memory;
  std::uint64_t offset = 0;
  {
    const Lock lock(mutex_);
    const auto& [first, piece] = *std::prev(pieces_.upper_bound(to));
    memory = piece->memory;
    offset = piece->piece.offset + static_cast<std::uint64_t>(to - first);
  }
  memory->fill(offset, from);
}

std::shared_ptr<wire::StoredObject> StoreClient::seal(Piece& piece, std::size_t bytes) {
  const ObjectId id{self_, ++last_object_};
  const store::Place place = writer_.publish(piece.piece, bytes);
  piece.stored = std::make_shared<wire::StoredObject>(wire::StoredAt{id, place, {}}, shared_from_this());
  sealed_[id] = piece.stored;
  say(wire::SealObject{id, place});
  return piece.stored;
}

/// Nobody refers to its memory any more.
void StoreClient::end(Piece& piece) {
  const Lock lock(mutex_);
  pieces_.erase(reinterpret_cast<const std::uint8_t*>(piece.piece.bytes.data()));
  piece.stored == nullptr ? writer_.abandon(piece.piece) : writer_.leave(piece.piece);
  return_extents();
}

void StoreClient::return_extents() {
  for (const store::ExtentId extent : writer_.take_returned()) { say_later(wire::ReturnExtent{extent}); }
}

Payload StoreClient::store(Payload value) {
  if (!concerns_store(value)) return value;
  std::vector<SharedBytes> parts(value.parts().begin(), value.parts().end());
  for (SharedBytes& part : parts) part = store_block(part);
  return value.with(store_block(value.block()), std::move(parts));
}

/// What is not large stays as it is.
SharedBytes StoreClient::store_block(const SharedBytes& block) {
  if (block.stored != nullptr && block.stored->is_kept_by(*this)) return {nullptr, {}, block.stored};
  if (block.bytes.size() < detail::k_large_bytes) return block;
  {
    const Lock lock(mutex_);
    const auto found = pieces_.find(block.bytes.data());
    if (found != pieces_.end() && block.bytes.size() <= found->second->piece.bytes.size()) {
      Piece& piece = *found->second;
      if (piece.stored == nullptr) return {nullptr, {}, seal(piece, block.bytes.size())};
      if (piece.stored->bytes() == block.bytes.size()) return {nullptr, {}, piece.stored};
    }
  }
  const Room room = allocate(block.bytes.size());
  fill(room.bytes.data(), block.bytes);
  const Lock lock(mutex_);
  return {nullptr, {}, seal(*pieces_.at(room.bytes.data()), block.bytes.size())};
}

// --- Reading.

SharedBytes StoreClient::try_pin(const std::shared_ptr<wire::StoredObject>& stored) {
  const wire::StoredAt at = stored->at();
  std::shared_ptr<const MappedExtent> memory;
  {
    const Lock lock(mutex_);
    const auto extent = extents_.find(at.place.extent);
    if (at.residence.generation == 0 || at.residence.slot >= slots_ || extent == extents_.end()) return {};
    memory = extent->second;
  }
  const std::span<std::byte> all = memory->to_read();
  if (at.place.offset > all.size() || at.place.bytes > all.size() - at.place.offset) return {};
  const store::PinTable::Pin pinned = pins_->pin(at.residence);
  if (pinned == store::PinTable::Pin::gone_ring) ring(at.residence.slot);
  if (pinned != store::PinTable::Pin::held) return {};
  const auto* const first = reinterpret_cast<const std::uint8_t*>(all.data()) + at.place.offset;
  return {std::make_shared<Pin>(shared_from_this(), at.residence, std::move(memory), stored),
          {first, at.place.bytes},
          stored};
}

bool StoreClient::pin(std::span<Payload* const> values, const Deadline& deadline) {
  std::vector<Wanted> wanted;
  const auto want = [&](const SharedBytes& block) {
    if (!block.is_here()) wanted.push_back({block.stored, {}});
  };
  for (const Payload* const value : values) {
    want(value->block());
    for (const SharedBytes& part : value->parts()) want(part);
  }
  if (wanted.empty()) return true;
  if (!pin_all(wanted, deadline)) return false;

  auto next = wanted.begin();
  const auto take = [&](const SharedBytes& block) { return block.is_here() ? block : std::move(next++->pinned); };
  for (Payload* const value : values) {
    if (value->is_here()) continue;
    SharedBytes block = take(value->block());
    std::vector<SharedBytes> parts;
    for (const SharedBytes& part : value->parts()) parts.push_back(take(part));
    *value = value->with(std::move(block), std::move(parts));
  }
  return true;
}

bool StoreClient::pin_all(std::vector<Wanted>& wanted, const Deadline& deadline) {
  Question question;
  for (Wanted& each : wanted) {
    each.pinned = try_pin(each.stored);
    if (each.pinned.holder == nullptr) question.asked.objects.push_back(each.stored->at().object);
  }
  if (question.asked.objects.empty()) return true;
  if (!ask(question, deadline)) return false;
  auto found = question.answer.objects.begin();
  for (Wanted& each : wanted) {
    if (each.pinned.holder != nullptr) continue;
    each.stored->found_at(found->place, found->residence);
    ++found;
    each.pinned = try_pin(each.stored);
  }
  {
    const Lock lock(mutex_);
    say_later(wire::ReleaseTicket{question.asked.age, question.asked.n});
  }
  for (const Wanted& each : wanted) {
    if (each.pinned.holder != nullptr) continue;
    throw ObjectLost(ErrorCode::object_lost, to_string(each.stored->at().object) +
                                                 " was to be in the memory of the store and is not; this is a defect, "
                                                 "please report it");
  }
  return true;
}

bool StoreClient::ask(Question& question, const Deadline& deadline) {
  question.asked.age = age_();
  {
    const Lock lock(mutex_);
    if (is_stopping_ || is_closed_) throw_stopped();
    question.asked.n = ++last_question_;
    questions_[question.asked.n] = &question;
    say(question.asked);
  }
  around_.network.serve_posted();
  around_.wait(question.event, deadline);
  const Lock lock(mutex_);
  questions_.erase(question.asked.n);
  if (question.is_answered && question.status.ok()) return true;
  say(wire::ReleaseTicket{question.asked.age, question.asked.n});
  if (question.is_answered) question.status.throw_if_error();
  if (is_stopping_) throw_stopped();
  return false;
}

void StoreClient::throw_stopped() const {
  stopped_by_.throw_if_error();
  throw Cancelled(ErrorCode::cancelled, "the session was ended while this waited for memory of the store");
}

void StoreClient::ring(std::uint32_t slot) {
  const Lock lock(mutex_);
  say_later(wire::RingSlot{slot});
}

// --- Holding.

void StoreClient::add_gives(const wire::Message& message, ProcessId to, std::vector<wire::Message>& into) {
  for_each_stored(
      message, [&](const wire::StoredObject& stored) { into.emplace_back(wire::GiveObject{stored.at().object, to}); });
}

void StoreClient::take(const wire::Message& message) {
  for_each_stored(message, [&](wire::StoredObject& stored) {
    if (!stored.is_kept()) stored.keep_by(shared_from_this());
  });
}

void StoreClient::let_go(const ObjectId& object) {
  const Lock lock(mutex_);
  sealed_.erase(object);
  say_later(wire::DropObject{object});
}

// --- What comes and what goes.

bool StoreClient::on_message(wire::Message& message) {
  return std::visit(
      [this]<class M>(M& what) {
        if constexpr (requires { this->on(what); }) {
          on(what);
          return true;
        } else {
          return false;
        }
      },
      message);
}

void StoreClient::on(wire::StoreIs& is) {
  if (is.files.files.size() != 2) return;  // not from a sound peer
  using store::Mapping;
  Result<Mapping> directory = Mapping::map(is.files.files[0]->get(), is.slots * sizeof(store::DirectoryWord),
                                           Mapping::Access::read);
  Result<Mapping> counts = Mapping::map(is.files.files[1]->get(), is.slots * sizeof(store::PinCount),
                                        Mapping::Access::write);
  for (const Status& status : {directory.status(), counts.status()}) {
    if (!status.ok()) return log::error("this process goes without the store: {}", status.text());
  }
  const Lock lock(mutex_);
  directory_ = std::move(*directory);
  counts_ = std::move(*counts);
  pins_.emplace(counts_.as<store::PinCount>(is.slots), directory_.as<const store::DirectoryWord>(is.slots));
  capacity_ = is.capacity_bytes;
  slots_ = is.slots;
  is_ready_.store(true, std::memory_order_release);
}

void StoreClient::on(const wire::ExtentIs& is) {
  auto extent = MappedExtent::map(is);
  if (!extent.ok()) return log::error("{}", extent.status().text());
  const Lock lock(mutex_);
  extents_[is.extent] = std::move(*extent);
}

void StoreClient::on(const wire::ForgetExtent& forget) {
  std::shared_ptr<const MappedExtent> gone;  // unmapped under no lock
  const Lock lock(mutex_);
  const auto extent = extents_.find(forget.extent);
  if (extent == extents_.end()) return;
  gone = std::move(extent->second);
  extents_.erase(extent);
}

void StoreClient::on(const wire::RecallExtent& recall) {
  const Lock lock(mutex_);
  writer_.recall(recall.extent);
  return_extents();
}

void StoreClient::on(const wire::ObjectPlaced& placed) {
  std::shared_ptr<wire::StoredObject> stored;  // perhaps the last: let go of under no lock
  const Lock lock(mutex_);
  const auto sealed = sealed_.find(placed.object);
  if (sealed == sealed_.end()) return;
  stored = sealed->second.lock();
  sealed_.erase(sealed);
  if (stored != nullptr) stored->found_at(stored->at().place, placed.residence);
}

void StoreClient::on(wire::StoreAdmitted& admitted) {
  const Lock lock(mutex_);
  const auto question = questions_.find(admitted.n);
  if (question == questions_.end()) return;  // it is released already
  Question& asked = *question->second;
  const auto extent = extents_.find(admitted.extent);
  const bool is_mapped = admitted.extent == 0 || (extent != extents_.end() && !extent->second->to_write().empty());
  if (!is_mapped || admitted.objects.size() != asked.asked.objects.size()) {
    asked.status = Status(ErrorCode::out_of_memory,
                          "memory of the store could not be mapped; check the limits of "
                          "address space and of mappings (vm.max_map_count)");
  }
  asked.answer = std::move(admitted);
  asked.is_answered = true;
  asked.event.set();
}

void StoreClient::on(wire::StoreFailed& failed) {
  const Lock lock(mutex_);
  const auto question = questions_.find(failed.n);
  if (question == questions_.end() || failed.code == ErrorCode::ok) return;
  Question& asked = *question->second;
  const bool is_gone = failed.code == ErrorCode::not_found;
  asked.status = Status(is_gone ? ErrorCode::object_lost : failed.code, std::move(failed.text));
  asked.is_answered = true;
  asked.event.set();
}

void StoreClient::say(wire::Message message) {
  if (is_closed_) return;
  waiting_.push_back({node_, std::move(message)});
  send_waiting();
}

void StoreClient::say_later(wire::Message message) {
  if (is_closed_) return;
  if (waiting_.empty()) around_.pump.wake_at(*this, now() + k_tell_ns);
  waiting_.push_back({node_, std::move(message)});
}

void StoreClient::send_waiting() {
  if (!is_closed_ && !waiting_.empty()) around_.network.send(self_, waiting_);
}

void StoreClient::on_time() {
  {
    const Lock lock(mutex_);
    send_waiting();
  }
  around_.network.serve_posted();
}

void StoreClient::stop(const Status& why) {
  const Lock lock(mutex_);
  is_stopping_ = true;
  stopped_by_ = why;
  for (const auto& [n, question] : questions_) question->event.set();
}

void StoreClient::resume() {
  const Lock lock(mutex_);
  is_stopping_ = false;
}

void StoreClient::close() {
  around_.pump.remove(*this);
  const Lock lock(mutex_);
  is_closed_ = true;
  is_ready_.store(false);
  waiting_.clear();
}

}  // namespace shoal::shell
