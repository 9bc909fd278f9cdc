#include "net/session.h"

#include <algorithm>
#include <utility>

#include "net/limits.h"

namespace shoal::net {

void Session::send(wire::Message message) {
  if (closed_) return;
  const std::size_t bytes = weight(message);
  kept_.push_back({std::move(message), bytes});
  kept_bytes_ += bytes;
}

bool Session::on_connected(std::uint64_t epoch) {
  if (closed_ || epoch <= epoch_) return false;
  epoch_ = epoch;
  connected_ = true;
  resume_owed_ = true;
  resumed_ = false;
  in_doubt_ = ever_sent_ > acknowledged_;
  sent_ = acknowledged_;
  return true;
}

void Session::on_broken(std::uint64_t epoch) {
  if (epoch != epoch_) return;
  connected_ = false;
  tell_at_.reset();
}

Session::Arrival Session::on_frame(std::uint64_t epoch, const Frame& frame, Time now) {
  if (!connected_ || epoch != epoch_) return Arrival::nothing;
  const bool resumes = frame.header.kind == FrameKind::resume;
  if (resumes == resumed_ || !acknowledge(frame.header.acknowledged)) return Arrival::violation;
  if (resumes) {
    resumed_ = true;
    sent_ = std::max(sent_, acknowledged_);
  }
  return frame.header.kind == FrameKind::message ? on_message(frame, now) : Arrival::nothing;
}

Session::Arrival Session::on_message(const Frame& frame, Time now) {
  const std::uint64_t sequence = frame.header.sequence;
  if (sequence == 0 || sequence > received_ + 1) return Arrival::violation;
  if (!tell_at_) tell_at_ = now + k_acknowledge_ns;
  if (sequence <= received_) return Arrival::nothing;
  received_ = sequence;
  untold_bytes_ += weight(frame.message);
  return Arrival::message;
}

/// The peer has all messages up to this one. False where that cannot be, or it said more before.
bool Session::acknowledge(std::uint64_t through) {
  if (through < acknowledged_ || through > (resumed_ ? sent_ : ever_sent_)) return false;
  for (; acknowledged_ < through; ++acknowledged_) kept_bytes_ -= kept_.pop_front().weight;
  return true;
}

void Session::on_peer_died() {
  *this = Session();
  closed_ = true;
}

void Session::on_time(Time now) {
  if (tell_at_ && *tell_at_ <= now) tell_now_ = true;
}

std::optional<Time> Session::next_time() const { return tell_now_ ? std::nullopt : tell_at_; }

bool Session::owes_acknowledgement() const {
  return tell_now_ || received_ - told_ >= k_acknowledge_messages || untold_bytes_ >= k_acknowledge_bytes;
}

bool Session::has_frames() const {
  return connected_ && (resume_owed_ || owes_acknowledgement() || (may_send() && sent_ < last()));
}

void Session::append(std::vector<Frame>& into, FrameKind kind) {
  Frame& frame = into.emplace_back();
  frame.header = {.kind = kind, .sequence = 0, .acknowledged = received_};
  told_ = received_;
  untold_bytes_ = 0;
  tell_at_.reset();
  tell_now_ = false;
}

void Session::take_frames(std::vector<Frame>& into, std::size_t room) {
  if (!connected_) return;
  if (resume_owed_ && room > 0) {
    append(into, FrameKind::resume);
    resume_owed_ = false;
    --room;
  }
  if (may_send() && !resume_owed_) {
    for (; sent_ < last() && room > 0; --room) {
      append(into, FrameKind::message);
      into.back().header.sequence = ++sent_;
      into.back().message = kept_[sent_ - acknowledged_ - 1].message;
    }
    ever_sent_ = std::max(ever_sent_, sent_);
  }
  if (owes_acknowledgement() && room > 0) append(into, FrameKind::acknowledge);
}

bool Session::is_congested() const { return kept_.size() > k_kept_messages_max || kept_bytes_ > k_kept_bytes_max; }

}  // namespace shoal::net
