#include "shell/station.h"

#include <algorithm>

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

void Switch::add(Station& station) {
  const ProcessId id = station.self();
  (id == k_control ? control_ : stations_.at(id.n)).store(&station, std::memory_order_release);
}

void Switch::remove(Station& station) {
  const ProcessId id = station.self();
  (id == k_control ? control_ : stations_.at(id.n)).store(nullptr, std::memory_order_release);
}

Station* Switch::find(ProcessId id) const {
  if (id == k_control) return control_.load(std::memory_order_acquire);
  return id.n < k_stations_max ? stations_[id.n].load(std::memory_order_acquire) : nullptr;
}

void Switch::send(ProcessId from, std::vector<wire::Envelope>& messages) {
  for (wire::Envelope& envelope : messages) {
    Station* const to = find(envelope.peer);
    if (to == nullptr) continue;  // dead: who needs to know is told
    if (transcode_ != nullptr) envelope.message = transcode_(std::move(envelope.message));
    const bool first = to->post({from, std::move(envelope.message)});
    if (first && std::find(posted_to.begin(), posted_to.end(), to) == posted_to.end()) posted_to.push_back(to);
  }
  messages.clear();
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
