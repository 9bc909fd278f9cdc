#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>

#include "data/io/http_origin.h"
#include "data/io/http_reply.h"

namespace shoal::data {

class HttpConnection;

/// Why no reply came.
enum class HttpFault : std::uint8_t {
  resolve,    ///< The host's name has no address.
  connect,    ///< Nobody listens there, or no answer in time.
  tls,        ///< The certificate or the handshake was refused.
  stale,      ///< A kept connection was closed before the first byte of the reply.
  reset,      ///< The connection broke before the reply was complete.
  silent,     ///< Nothing moved for too long.
  protocol,   ///< The reply is not HTTP, or over a limit.
  cancelled,  ///< cancel(), or the loop stopped.
};

struct HttpFailure {
  HttpFault fault = HttpFault::reset;
  std::string text;  ///< Cause for people.
};

/// One request on its way and what comes back. Shared between the sender and the loop; the loop calls the virtual
/// functions, on its thread only, and exactly one of on_reply and on_failure per send(). Both may send again.
class HttpExchange : public HttpBodyPlace {
 public:
  /// Whom to ask. Constant while the exchange is in the loop.
  virtual const HttpOrigin& origin() const = 0;
  /// Appends the request's head, from the request line to the empty line. Called at each send, when a connection is
  /// there, so that the signature is as young as can be.
  virtual void write_head(std::string& out) = 0;
  /// What follows the head; lives until the reply or the failure.
  virtual std::span<const std::uint8_t> body() const { return {}; }
  /// True for HEAD: a length in the reply is no body.
  virtual bool is_head() const { return false; }
  /// Its place in the origin's queue: lower ones go first, equal ones as they came.
  virtual std::uint64_t queue_order() const { return 0; }
  std::uint8_t* place_body(const HttpReply&, std::int64_t) override { return nullptr; }

  virtual void on_reply(HttpReply& reply) = 0;
  virtual void on_failure(const HttpFailure& failure) = 0;

 private:
  friend class HttpLoop;
  friend class HttpPool;
  std::atomic<bool> cancelled_{false};
  HttpConnection* connection_ = nullptr;  // the loop's thread only
};

}  // namespace shoal::data
