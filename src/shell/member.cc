#include "shell/member.h"

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

namespace shoal::shell {
namespace {

int left_ms(const Deadline& deadline) {
  if (!deadline) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000));
}

}  // namespace

Result<wire::Welcome> wait_for_welcome(net::SocketChannel& channel, std::vector<net::Frame>& early,
                                       const Deadline& deadline) {
  net::Arrivals arrivals;
  while (arrivals.frames.empty() && !arrivals.broken) {
    pollfd ready{.fd = channel.descriptor(), .events = POLLIN, .revents = 0};
    if (channel.wants_write()) ready.events |= POLLOUT;
    if (::poll(&ready, 1, left_ms(deadline)) == 0) {
      return Status(ErrorCode::timeout, "the daemon did not answer in time; is it stopped?");
    }
    channel.on_writable();
    channel.receive(arrivals);
  }
  if (arrivals.frames.empty()) return Status(ErrorCode::unavailable, channel.fault().text());
  const wire::Message& first = arrivals.frames.front().message;
  if (const auto* const refused = std::get_if<wire::ProcessDied>(&first)) {
    return Status(ErrorCode::unavailable, "the daemon cannot take this process in: " + refused->cause);
  }
  if (!std::holds_alternative<wire::Welcome>(first)) {
    return Status(ErrorCode::corrupt_data, "the daemon began with a message that is no welcome");
  }
  early = std::move(arrivals.frames);
  return std::get<wire::Welcome>(std::move(early.front().message));
}

Member::Member(const wire::Welcome& welcome, const net::Token& token, Way way, Calls calls)
    : welcome_(welcome),
      calls_(std::move(calls)),
      station_(new OwnerStation(around_,
                                {.self = welcome.self,
                                 .node = welcome.node,
                                 .is_worker = way.role == net::Role::worker,
                                 .claims = way.role == net::Role::worker,
                                 .has_store = true},
                                [this](OwnerStation&) { calls_.on_stopped(); })) {
  around_.threads->begin_use().throw_if_error();
  around_.reader = std::make_unique<Reader>();
  home_ = std::make_unique<Link>(
      around_, Link::Ends{.here = welcome.self, .there = welcome.host, .node = welcome.node, .leads_to_node = true},
      nullptr, [this](Link&, const wire::Message& message) { on_word(message); },
      [this](Link&) { on_home_gone("its end of the connection was closed"); });
  around_.network.add(*home_);
  around_.network.add(*home_, welcome.node);
  around_.network.add(*home_, k_control);
  peers_ = std::make_unique<Peers>(around_, Peers::Place{welcome.self, welcome.node, welcome.meeting, way.role}, token);
  home_->take(std::move(way.early));
  home_->attach(std::move(way.channel));
}

/// With the threads gone that read and tell the time, nothing looks at the links any more.
Member::~Member() {
  station_->stop();
  station_->keep_values(!is_home_gone_.load());
  around_.jobs.wait();
  around_.reader->stop();
  around_.pump.stop();
  station_->bury();
  around_.store = nullptr;
  peers_.reset();
  home_.reset();
  around_.reader.reset();
  around_.threads->end_use();
  station_->release();
}

void Member::say(wire::Message message) {
  around_.network.send(welcome_.self, welcome_.node, std::move(message));
  around_.network.serve_posted();
}

void Member::on_home_gone(const std::string& cause) {
  is_home_gone_.store(true);
  calls_.on_home_gone(*this, cause);
}

void Member::on_word(const wire::Message& message) {
  const auto* const died = std::get_if<wire::ProcessDied>(&message);
  if (died == nullptr) return calls_.on_word(*this, message);
  if (died->process == welcome_.node) return on_home_gone(died->cause);
  peers_->on_died(died->process);
  station_->on_process_died(died->process, died->cause, died->code);
}

}  // namespace shoal::shell
