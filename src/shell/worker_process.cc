#include "shell/worker_process.h"

#include <poll.h>
#include <shoal/base/log.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "shell/link.h"
#include "shell/owner_station.h"
#include "shell/peers.h"
#include "shell/worker_activity.h"
#include "shell/worker_page.h"

namespace shoal::shell {
namespace {

constexpr int k_parent_gone = 1;
constexpr int k_cannot_begin = 2;

[[noreturn]] void end_process(int status) {
  std::cout.flush();  // which has a buffer of its own where the program asked for that
  std::fflush(nullptr);
  ::_exit(status);
}

/// What is on the channel before there are messages. See hand_over() in private_node.cc.
net::Token read_token(int channel) {
  std::string digits(64, '0');
  const ssize_t got = ::recv(channel, digits.data(), digits.size(), MSG_WAITALL);
  Result<net::Token> token = net::Token::from_hex(digits);
  if (got != static_cast<ssize_t>(digits.size()) || !token.ok()) end_process(k_parent_gone);
  return std::move(*token);
}

/// The first thing that is said to it: who it is. `early`: what came with it.
wire::Welcome wait_for_welcome(net::SocketChannel& channel, std::vector<net::Frame>& early) {
  net::Arrivals arrivals;
  do {
    pollfd ready{.fd = channel.descriptor(), .events = POLLIN, .revents = 0};
    ::poll(&ready, 1, -1);
    channel.receive(arrivals);
  } while (arrivals.frames.empty() && !arrivals.broken);
  auto* const welcome = arrivals.frames.empty() ? nullptr : std::get_if<wire::Welcome>(&arrivals.frames[0].message);
  if (welcome == nullptr) end_process(k_parent_gone);
  early = std::move(arrivals.frames);
  return std::get<wire::Welcome>(std::move(early.front().message));
}

/// Everything that a worker process consists of.
class WorkerProcess {
 public:
  WorkerProcess(const wire::Welcome& welcome, const net::Token& token, std::unique_ptr<net::SocketChannel> channel,
                std::vector<net::Frame> early)
      : welcome_(welcome),
        station_(new OwnerStation(around_,
                                  {.self = welcome.self, .node = welcome.node, .is_worker = true, .has_store = true},
                                  [this](OwnerStation&) { ended_.set(); })) {
    around_.threads->begin_use().throw_if_error();
    around_.reader = std::make_unique<Reader>();
    home_ = std::make_unique<Link>(
        around_, Link::Ends{.here = welcome.self, .there = welcome.host, .node = welcome.node, .leads_to_node = true},
        nullptr, [this](Link&, const wire::Message& message) { on_word(message); },
        [](Link&) { end_process(k_parent_gone); });
    around_.network.add(*home_);
    around_.network.add(*home_, welcome.node);
    around_.network.add(*home_, k_control);
    peers_ = std::make_unique<Peers>(around_, Peers::Place{welcome.self, welcome.node, welcome.meeting}, token);
    home_->take(std::move(early));
    home_->attach(std::move(channel));
    say(wire::WorkerIsUp{});
  }

  void wait_for_end() { ended_.wait({}); }

 private:
  void say(wire::Message message) {
    around_.network.send(welcome_.self, welcome_.node, std::move(message));
    around_.network.serve_posted();
  }

  void on_word(const wire::Message& message) {
    if (std::holds_alternative<wire::Stop>(message)) {
      station_->stop();
    } else if (std::holds_alternative<wire::Retire>(message)) {
      station_->is_unused() ? station_->stop() : say(wire::WorkerStays{});
    } else if (const auto* const died = std::get_if<wire::ProcessDied>(&message)) {
      peers_->on_died(died->process);
      station_->on_process_died(died->process, died->cause, died->code);
    }
  }

  const wire::Welcome welcome_;
  Event ended_;
  Surroundings around_{welcome_.total};
  OwnerStation* const station_;
  std::unique_ptr<Link> home_;
  std::unique_ptr<Peers> peers_;
};

}  // namespace

void run_worker(WorkerEnds ends) {
  Fd descriptor = std::move(ends.channel);
  const net::Token token = read_token(descriptor.get());
  const net::Identity parent{
      .process = k_control, .roles = net::Role::client | net::Role::node | net::Role::control, .program = this_build()};
  std::vector<net::Frame> early;
  auto channel = std::make_unique<net::SocketChannel>(std::move(descriptor), 1, net::Role::worker, parent);
  const wire::Welcome welcome = wait_for_welcome(*channel, early);
  Result<WorkerPage> page = WorkerPage::map(ends.page.get());
  if (!page.ok()) end_process(k_cannot_begin);
  ends.page.reset();
  observe_runs(*new WorkerActivity(std::move(*page), welcome.meeting));  // ends with the process, too
  auto* const process = new WorkerProcess(welcome, token, std::move(channel),
                                          std::move(early));  // ends with the process
  process->wait_for_end();
  end_process(0);
}

}  // namespace shoal::shell
