#pragma once

#include <sys/socket.h>

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/thread_safety.h"

namespace shoal::data {

/// One address a host has.
struct HostAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

struct HostLookup {
  std::vector<HostAddress> addresses;  ///< Empty where there are none.
  std::string error;                   ///< Why there are none.
};

/// The address that `host` spells, if it is one; no look-up.
HostLookup parse_address(const std::string& host, int port);

/// Looks names up on a thread of its own, because the system's resolver blocks. The thread starts with the first
/// name. stop() waits for the look-up that is under way.
class HttpResolver {
 public:
  /// `done` is called on the resolver's thread, once per resolve() that was not dropped by stop().
  using Done = std::function<void(HostLookup)>;
  HttpResolver() = default;
  ~HttpResolver();
  HttpResolver(const HttpResolver&) = delete;
  HttpResolver& operator=(const HttpResolver&) = delete;
  void resolve(std::string host, int port, Done done);
  /// Ends the thread; `done` of what is waiting or comes later is not called. The destructor does it too.
  void stop();

 private:
  struct Job {
    std::string host;
    int port;
    Done done;
  };
  void run();

  Mutex mutex_;
  CondVar work_;
  std::deque<Job> jobs_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // started under mutex_, joined by the destructor
};

}  // namespace shoal::data
