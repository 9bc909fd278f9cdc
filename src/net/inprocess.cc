#include "net/inprocess.h"

#include <atomic>

#include "net/limits.h"
#include "net/mailbox.h"

namespace shoal::net {

/// One direction.
struct InprocessChannel::Lane {
  Mailbox<Frame> frames;
  std::atomic<bool> over{false};      // the writer puts no more
  std::atomic<bool> unread{false};    // the reader takes no more
  std::function<void()> wake_reader;  // constant once frames flow
  std::function<void()> wake_writer;

  void end() {
    over.store(true, std::memory_order_release);
    if (wake_reader) wake_reader();
  }
};

InprocessChannel::InprocessChannel(std::uint64_t epoch, Transcode transcode, std::shared_ptr<Lane> in,
                                   std::shared_ptr<Lane> out)
    : epoch_(epoch), transcode_(transcode), in_(std::move(in)), out_(std::move(out)) {}

InprocessChannel::Ends InprocessChannel::connect(std::uint64_t epoch, Transcode transcode) {
  auto there = std::make_shared<Lane>();
  auto back = std::make_shared<Lane>();
  const auto end = [&](std::shared_ptr<Lane> in, std::shared_ptr<Lane> out) {
    return std::unique_ptr<InprocessChannel>(new InprocessChannel(epoch, transcode, std::move(in), std::move(out)));
  };
  return {end(back, there), end(there, back)};
}

void InprocessChannel::send(std::vector<Frame>& frames) {
  if (closed_ || out_->unread.load(std::memory_order_acquire)) return frames.clear();
  if (transcode_ != nullptr) {
    for (Frame& frame : frames) {
      if (frame.header.kind == FrameKind::message) frame.message = transcode_(std::move(frame.message));
    }
  }
  if (out_->frames.put_all(frames) && out_->wake_reader) out_->wake_reader();
}

bool InprocessChannel::is_congested() const { return !closed_ && out_->frames.size() > k_channel_frames_max; }

void InprocessChannel::receive(Arrivals& into) {
  into.broken = false;
  if (closed_) return into.frames.clear();
  // Asked first: what the writer put before it ended the lane is in the mailbox then.
  const bool over = in_->over.load(std::memory_order_acquire);
  in_->frames.take(into.frames);
  if (into.frames.size() > k_channel_frames_max && in_->wake_writer) in_->wake_writer();
  into.broken = over && !told_broken_;
  told_broken_ = over;
}

void InprocessChannel::set_wakeup(std::function<void()> wakeup) {
  in_->wake_reader = wakeup;
  out_->wake_writer = std::move(wakeup);
}

void InprocessChannel::close() {
  if (closed_) return;
  closed_ = true;
  in_->unread.store(true, std::memory_order_release);
  out_->end();
  std::vector<Frame> unread;
  in_->frames.take(unread);
}

void InprocessChannel::testing_cut() {
  std::vector<Frame> lost;
  for (Lane* lane : {in_.get(), out_.get()}) {
    lane->frames.take(lost);
    lane->unread.store(true, std::memory_order_release);
    lane->end();
  }
}

}  // namespace shoal::net
