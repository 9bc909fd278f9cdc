#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"
#include "base/time.h"
#include "net/handshake.h"
#include "net/introduction.h"
#include "net/limits.h"
#include "net/socket_channel.h"

namespace shoal::net {

/// A call of a process that listens (listener.h), until it is answered. No call waits; one thread at a time. Whoever has
/// it polls descriptor() and gives up after k_handshake_ns_max, or sooner.
class Connector {
 public:
  /// Errors: not_found where there is no such path, unavailable where nobody listens there any more, throttled where so
  /// many call at once that it is to be tried again a little later, permission_denied where another user listens.
  static Result<std::unique_ptr<Connector>> start(const std::string& path, const Token& token, const Identity& self,
                                                  const Call& call);

  int descriptor() const { return introduction_.descriptor(); }
  bool wants_write() const { return introduction_.wants_write(); }
  void on_ready() { introduction_.on_ready(); }
  bool is_over() const { return introduction_.is_over(); }
  /// Once, when it is over. Errors: those of Introduction::status().
  Result<std::unique_ptr<SocketChannel>> take();

 private:
  Connector(std::string path, Roles self, Introduction introduction);

  const std::string path_;
  const Roles self_;
  Introduction introduction_;
};

/// Calls and waits for the answer, which takes about as long as two switches of processes. Not for a thread that others
/// wait for in turn: two that call each other would both wait. Errors: those of Connector, and timeout.
Result<std::unique_ptr<SocketChannel>> connect(const std::string& path, const Token& token, const Identity& self,
                                               const Call& call, std::int64_t timeout_ns = k_handshake_ns_max);

}  // namespace shoal::net
