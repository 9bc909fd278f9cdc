#include "sim/world/simulated_channel.h"

#include <algorithm>
#include <utility>

#include "net/limits.h"

namespace shoal::sim {

void SimulatedChannel::send(std::vector<net::Frame>& frames) {
  if (over_ || other_ == nullptr || other_->over_ || other_->end_at_) return frames.clear();
  for (net::Frame& frame : frames) {
    other_->last_arrival_ = std::max(other_->last_arrival_, world_.now() + world_.delay(*other_));
    other_->under_way_.push_back(std::move(frame));
    world_.expect(other_->last_arrival_, *other_);
  }
  frames.clear();
}

bool SimulatedChannel::is_congested() const {
  return !over_ && other_ != nullptr && other_->under_way_.size() + other_->arrived_.size() > net::k_channel_frames_max;
}

void SimulatedChannel::receive(net::Arrivals& into) {
  into.frames.clear();
  into.frames.swap(arrived_);
  into.broken = std::exchange(broken_, false);
  const std::size_t left = under_way_.size();
  const bool has_room_again = left <= net::k_channel_frames_max &&
                              left + into.frames.size() > net::k_channel_frames_max;
  if (has_room_again && other_ != nullptr && other_->wakeup_) other_->wakeup_();
}

SimulatedChannel::~SimulatedChannel() {
  close();
  if (other_ != nullptr) other_->other_ = nullptr;
}

void SimulatedChannel::close() {
  if (over_) return;
  send_end();
  over_ = true;
  under_way_.clear();
  arrived_.clear();
  broken_ = false;
}

/// The other end learns, behind what it was sent, that the channel is over.
void SimulatedChannel::send_end() {
  if (other_ == nullptr || other_->over_ || other_->end_at_) return;
  other_->last_arrival_ = std::max(other_->last_arrival_, world_.now() + world_.delay(*other_));
  other_->end_at_ = other_->last_arrival_;
  world_.expect(*other_->end_at_, *other_);
}

void SimulatedChannel::on_event() {
  net::Frame frame;
  if (take_arrival(frame)) {
    arrived_.push_back(std::move(frame));
  } else if (take_end()) {
    broken_ = true;
  } else {
    return;
  }
  if (wakeup_) wakeup_();
}

bool SimulatedChannel::take_arrival(net::Frame& into) {
  if (over_ || under_way_.empty()) return false;
  into = under_way_.pop_front();
  return true;
}

bool SimulatedChannel::take_end() {
  if (over_ || !end_at_ || *end_at_ > world_.now()) return false;
  over_ = true;
  return true;
}

std::size_t SimulatedChannel::cut() {
  const std::size_t lost = lose_behind(0) + (other_ == nullptr ? 0 : other_->lose_behind(0));
  send_end();
  if (other_ != nullptr) other_->send_end();
  return lost;
}

std::size_t SimulatedChannel::lose_behind(std::size_t kept) {
  const std::size_t lost = under_way_.size() - std::min(kept, under_way_.size());
  under_way_.truncate(kept);
  return lost;
}

}  // namespace shoal::sim
