#include "shell/joined.h"

#include <poll.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "net/connector.h"
#include "shell/peers.h"
#include "shell/program.h"

namespace shoal::shell {
namespace {

/// The daemon of a machine is known before anybody has asked it, and this process is named by it.
constexpr ProcessId k_daemon{1, 0};

Result<std::unique_ptr<net::SocketChannel>> call(const RunningCluster& cluster, const net::Token& token,
                                                 net::Role role) {
  const net::Identity self{
      .process = {0, static_cast<std::uint32_t>(::getpid())}, .roles = role, .program = this_build()};
  return net::connect(cluster.socket(), token, self, {.wanted = k_daemon, .epoch = 1});
}

void say(net::SocketChannel& channel, wire::Message message) {
  std::vector<net::Frame> frames(1);
  frames.front().message = std::move(message);
  channel.send(frames);
}

Status gone(const RunningCluster& cluster, const std::string& cause) {
  return Status(ErrorCode::unavailable, "the cluster in " + cluster.folder + " is gone: its daemon, process " +
                                            std::to_string(cluster.pid) + ", " + cause +
                                            "; start one with shoal start --head, and this program again");
}

Result<std::unique_ptr<Joined>> with_context(const Status& status, const RunningCluster& cluster) {
  return status.with_context("cannot join the cluster in " + cluster.folder);
}

}  // namespace

Result<std::unique_ptr<Joined>> Joined::join(const RunningCluster& cluster) {
  const Result<net::Token> token = read_token(cluster.folder);
  if (!token.ok()) return with_context(token.status(), cluster);
  Result<std::unique_ptr<net::SocketChannel>> channel = call(cluster, *token, net::Role::client);
  if (!channel.ok()) return with_context(channel.status(), cluster);
  Invocation invocation = invocation_of_this_process();
  say(**channel, wire::Join{std::move(invocation.arguments), std::move(invocation.environment)});
  std::vector<net::Frame> early;
  const auto welcome = wait_for_welcome(**channel, early, std::chrono::steady_clock::now() + k_daemon_answer_max);
  if (!welcome.ok()) return with_context(welcome.status(), cluster);
  Member::Way way{.role = net::Role::client, .channel = std::move(*channel), .early = std::move(early)};
  return std::unique_ptr<Joined>(new Joined(cluster, *welcome, *token, std::move(way)));
}

Joined::Joined(const RunningCluster& cluster, const wire::Welcome& welcome, const net::Token& token, Member::Way way)
    : member_(welcome, token, std::move(way),
              {.on_word = [](Member&, const wire::Message&) {},
               .on_home_gone = [cluster](Member& member,
                                         const std::string& cause) { member.station().stop(gone(cluster, cause)); }}) {}

Result<wire::StatusIs> ask_status(const RunningCluster& cluster, std::uint32_t objects_max) {
  SHOAL_ASSIGN_OR_RETURN(const net::Token token, read_token(cluster.folder));
  SHOAL_ASSIGN_OR_RETURN(const std::unique_ptr<net::SocketChannel> channel, call(cluster, token, net::Role::tool));
  say(*channel, wire::AskStatus{objects_max});
  net::Arrivals arrivals;
  const auto until = std::chrono::steady_clock::now() + k_daemon_answer_max;
  while (arrivals.frames.empty() && !arrivals.broken) {
    pollfd ready{.fd = channel->descriptor(), .events = POLLIN, .revents = 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    if (left <= 0) {
      return Status(ErrorCode::timeout, "the daemon in " + cluster.folder + ", process " + std::to_string(cluster.pid) +
                                            ", did not answer in time; is it stopped?");
    }
    ::poll(&ready, 1, static_cast<int>(left));
    channel->receive(arrivals);
  }
  if (arrivals.frames.empty()) return gone(cluster, "hung up");
  auto* const status = std::get_if<wire::StatusIs>(&arrivals.frames.front().message);
  if (status == nullptr) return Status(ErrorCode::corrupt_data, "the daemon answered something else than its status");
  return std::move(*status);
}

}  // namespace shoal::shell
