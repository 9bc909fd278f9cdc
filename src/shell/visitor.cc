#include "shell/visitor.h"

#include <sys/epoll.h>

#include <iterator>
#include <utility>

namespace shoal::shell {

Visitor::Visitor(Reader& reader, std::unique_ptr<net::SocketChannel> channel, Time until,
                 std::function<void(Visitor&)> on_word)
    : reader_(reader),
      until_(until),
      on_word_(std::move(on_word)),
      channel_(std::move(channel)),
      watched_(channel_->descriptor()) {
  reader_.add(watched_, EPOLLIN, *this);
}

Visitor::~Visitor() { leave(); }

void Visitor::leave() {
  if (watched_ >= 0) reader_.remove(std::exchange(watched_, -1));
}

void Visitor::answer(wire::Message message) {
  std::vector<net::Frame> frames(1);
  frames.front().message = std::move(message);
  channel_->send(frames);
  if (channel_->wants_write() && watched_ >= 0) reader_.change(watched_, EPOLLIN | EPOLLOUT);
}

std::unique_ptr<net::SocketChannel> Visitor::take_channel() {
  leave();
  return std::move(channel_);
}

void Visitor::on_events(std::uint32_t) {
  if (channel_->wants_write()) {
    channel_->on_writable();
    if (!channel_->wants_write()) reader_.change(watched_, EPOLLIN);
  }
  net::Arrivals arrivals;
  channel_->receive(arrivals);
  std::move(arrivals.frames.begin(), arrivals.frames.end(), std::back_inserter(frames_));
  if (arrivals.broken) {
    is_gone_ = true;
    watched_ = -1;  // the channel has closed it, and its number may be another's by now
  }
  if (!frames_.empty() || is_gone_) on_word_(*this);
}

}  // namespace shoal::shell
