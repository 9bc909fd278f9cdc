#include "shell/worker_process.h"

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

#include "shell/member.h"
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

/// What is on the channel before there are messages. See hand_over() in crew.cc.
net::Token read_token(int channel) {
  std::string digits(64, '0');
  const ssize_t got = ::recv(channel, digits.data(), digits.size(), MSG_WAITALL);
  Result<net::Token> token = net::Token::from_hex(digits);
  if (got != static_cast<ssize_t>(digits.size()) || !token.ok()) end_process(k_parent_gone);
  return std::move(*token);
}

void on_word(Member& member, const wire::Message& message) {
  if (std::holds_alternative<wire::Stop>(message)) {
    member.station().stop();
  } else if (std::holds_alternative<wire::Retire>(message)) {
    member.station().is_unused() ? member.station().stop() : member.say(wire::WorkerStays{});
  }
}

}  // namespace

void run_worker(WorkerEnds ends) {
  Fd descriptor = std::move(ends.channel);
  const net::Token token = read_token(descriptor.get());
  const net::Identity parent{
      .process = k_control, .roles = net::Role::client | net::Role::node | net::Role::control, .program = this_build()};
  Member::Way way{.role = net::Role::worker,
                  .channel = std::make_unique<net::SocketChannel>(std::move(descriptor), 1, net::Role::worker, parent),
                  .early = {}};
  const Result<wire::Welcome> welcome = wait_for_welcome(*way.channel, way.early, {});
  if (!welcome.ok()) end_process(k_parent_gone);
  Result<WorkerPage> page = WorkerPage::map(ends.page.get());
  if (!page.ok()) end_process(k_cannot_begin);
  ends.page.reset();
  observe_runs(*new WorkerActivity(std::move(*page), welcome->meeting));  // ends with the process, too
  Event ended;
  Member::Calls calls{.on_word = on_word,
                      .on_home_gone = [](Member&, const std::string&) { end_process(k_parent_gone); },
                      .on_stopped = [&ended] { ended.set(); }};
  auto* const member = new Member(*welcome, token, std::move(way), std::move(calls));  // ends with the process
  member->say(wire::WorkerIsUp{});
  ended.wait({});
  end_process(0);
}

}  // namespace shoal::shell
