#include "shell/station.h"

#include <algorithm>
#include <memory>

namespace shoal::shell {
namespace {

/// Stations that this thread posted to and has not served yet.
thread_local std::vector<Station*> posted_to;
thread_local bool serving = false;

}  // namespace

void Station::take_in() {
  if (mailbox_.size() == 0) return;
  mailbox_.take(in_);
  for (wire::Envelope& envelope : in_) on_message(envelope.peer, envelope.message);
  in_.clear();
}

void Station::give_out() {
  take_messages(out_);
  if (!out_.empty()) network_.send(self_, out_);
}

void Station::leave() {
  on_left();
  turns_.fetch_add(1);
  if (has_mail()) serve();
  network_.serve_posted();
}

void Station::serve() {
  turns_.fetch_add(1);
  do {
    if (!mutex_.try_lock()) return;
    take_in();
    give_out();
    mutex_.unlock();
    on_left();
    turns_.fetch_add(1);
  } while (has_mail());
}

Switch::~Switch() {
  for (std::atomic<Chunk*>& chunk : chunks_) delete chunk.load();
}

std::atomic<Station*>& Switch::place_of(ProcessId id) {
  if (id == k_control) return control_;
  std::atomic<Chunk*>& place = chunks_.at(id.n / k_chunk);
  Chunk* chunk = place.load(std::memory_order_acquire);
  if (chunk == nullptr) {
    auto made = std::make_unique<Chunk>();
    if (place.compare_exchange_strong(chunk, made.get(), std::memory_order_acq_rel)) chunk = made.release();
  }
  return (*chunk)[id.n % k_chunk];
}

void Switch::add(Station& station, ProcessId as) { place_of(as).store(&station, std::memory_order_release); }

void Switch::remove(ProcessId id) { place_of(id).store(nullptr, std::memory_order_release); }

Station* Switch::find(ProcessId id) const {
  if (id == k_control) return control_.load(std::memory_order_acquire);
  if (id.n / k_chunk >= k_chunks_max) return nullptr;
  const Chunk* const chunk = chunks_[id.n / k_chunk].load(std::memory_order_acquire);
  return chunk == nullptr ? nullptr : (*chunk)[id.n % k_chunk].load(std::memory_order_acquire);
}

void Switch::send(ProcessId from, std::vector<wire::Envelope>& messages) {
  for (wire::Envelope& envelope : messages) {
    Station* to = find(envelope.peer);
    if (to == nullptr && finder_ != nullptr) to = finder_(envelope.peer);
    if (to == nullptr) continue;  // dead: who needs to know is told
    if (transcode_ != nullptr) envelope.message = transcode_(std::move(envelope.message));
    const bool first = to->post({from, std::move(envelope.message)});
    if (first && std::find(posted_to.begin(), posted_to.end(), to) == posted_to.end()) posted_to.push_back(to);
  }
  messages.clear();
}

void Switch::send(ProcessId from, ProcessId to, wire::Message message) {
  std::vector<wire::Envelope> one;
  one.push_back({to, std::move(message)});
  send(from, one);
}

void Switch::serve_posted() {
  if (serving) return;  // a loop further up this stack goes on with them
  serving = true;
  while (!posted_to.empty()) {
    Station* const next = posted_to.back();
    posted_to.pop_back();
    next->serve();
  }
  serving = false;
}

}  // namespace shoal::shell
