#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/socket_channel.h"
#include "net/token.h"
#include "shell/link.h"
#include "shell/owner_station.h"
#include "shell/peers.h"
#include "wire/process.h"

namespace shoal::shell {

/// The first message of a daemon, with which a process becomes a member: who it is. `early`: what came with it. Errors:
/// unavailable where the daemon is gone or refuses it, timeout.
Result<wire::Welcome> wait_for_welcome(net::SocketChannel& channel, std::vector<net::Frame>& early,
                                       const Deadline& deadline);

/// What a process consists of that works for a node whose daemon is another process: an owner, the link to the daemon, and
/// those to other members. A worker's lives as long as its process, a driver's as long as its session.
class Member {
 public:
  /// What is no core's business; on the thread that reads, under no lock.
  struct Calls {
    std::function<void(Member&, const wire::Message&)> on_word;           ///< Stop, Retire.
    std::function<void(Member&, const std::string& cause)> on_home_gone;  ///< At least once.
    std::function<void()> on_stopped = [] {};                             ///< The owner was stopped and runs nothing.
  };
  struct Way {
    net::Role role;
    std::unique_ptr<net::SocketChannel> channel;
    std::vector<net::Frame> early;
  };
  Member(const wire::Welcome& welcome, const net::Token& token, Way way, Calls calls);
  ~Member();
  Member(const Member&) = delete;
  Member& operator=(const Member&) = delete;

  OwnerStation& station() { return *station_; }
  /// To the daemon.
  void say(wire::Message message);

 private:
  void on_word(const wire::Message& message);
  void on_home_gone(const std::string& cause);

  const wire::Welcome welcome_;
  const Calls calls_;
  std::atomic<bool> is_home_gone_{false};
  Surroundings around_{welcome_.total};
  OwnerStation* const station_;
  std::unique_ptr<Link> home_;
  std::unique_ptr<Peers> peers_;
};

}  // namespace shoal::shell
