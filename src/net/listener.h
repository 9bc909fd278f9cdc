#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/posix.h"
#include "base/status.h"
#include "base/time.h"
#include "net/handshake.h"
#include "net/introduction.h"
#include "net/socket_channel.h"

struct sockaddr_un;

namespace shoal::net {

/// Where a process is reached: a Unix socket with mode 0600 in a folder with mode 0700, or one under a name (is_abstract()).
/// Who calls is let in when it runs as
/// the same user and its handshake is right; until then it costs a descriptor and a few hundred bytes, for 5 seconds at
/// most, and no more than 64 do so at once (limits.h). Owned by the shell of a process; one thread at a time; no call
/// waits. The file goes with it.
class Listener {
 public:
  /// A socket that a dead process left at `path` is replaced. Errors: invalid_argument for a path that cannot be one,
  /// permission_denied where the folder is not this user's alone, already_exists where another process listens there or
  /// the file is no socket, and those of the system.
  static Result<std::unique_ptr<Listener>> open(const std::string& path, const Token& token, const Identity& self);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// What came of those who called.
  struct Arrived {
    std::vector<std::unique_ptr<SocketChannel>> channels;
    std::vector<Status> refused;  ///< One for each that was not let in, and for a system that lets nobody in.
  };
  /// To be polled for reading, level-triggered.
  int descriptor() const { return poll_.get(); }
  /// When on_ready() has something to do although nothing is readable.
  std::optional<Time> next_time() const;
  /// Appends to `into`. `now` never goes back.
  void on_ready(Time now, Arrived& into);

  const std::string& path() const { return path_; }

 private:
  struct Pending {
    Introduction introduction;
    Time until = 0;
    bool wants_write = false;  // as the poll knows it
  };
  using Pendings = std::map<std::uint64_t, Pending>;  // in the order in which they came, which is that of `until`

  Listener(std::string path, const Token& token, const Identity& self);
  Status bind();
  Status bind_file(const sockaddr_un& address);
  Status remove_stale() const;
  void accept_all(Time now, Arrived& into);
  void take(Fd socket, Time now, Arrived& into);
  void advance(Pendings::iterator each, Arrived& into);
  void refuse_late(Time now, Arrived& into);
  void poll_for_callers(bool wanted);

  const std::string path_;
  const Token token_;
  const Identity self_;
  dev_t device_ = 0;  // of the file, once it is there
  ino_t file_ = 0;
  Fd socket_;
  Fd poll_;
  bool polled_ = false;  // callers, too
  std::optional<Time> paused_until_;
  Pendings pending_;
  std::uint64_t last_ = 0;  // key of pending_
};

}  // namespace shoal::net
