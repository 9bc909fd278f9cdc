#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace shoal::data {

/// One thing that shall go wrong. A value.
struct Fault {
  enum class Kind {
    answer,        ///< The proxy answers itself with `reply`; the server never sees the request. Where the reply has no
                   ///< Content-Length, the connection ends with it.
    reset_before,  ///< The connection is reset when the request is complete; the server never sees it.
    lost_reply,    ///< The server does the work; the connection is reset instead of its reply.
    cut_body,      ///< The reply ends in the middle of its body.
    reset_body,    ///< The same with a reset.
    other_etag,    ///< The reply's ETag is replaced by another of the same length.
    stall,         ///< The server does the work; its reply is kept back until the client gives up.
  };
  Kind kind = Kind::reset_before;
  std::string reply{};   ///< A whole HTTP reply, for `answer`.
  std::string method{};  ///< Only requests of this method; empty = all.
  std::string target{};  ///< Only requests whose path and query contain this.
  int skip = 0;          ///< So many of the matching requests pass before.
  int times = 1;         ///< So many are hit then.

  /// An S3 error as a server sends it. `retry_after_s` < 0 = without that header.
  static Fault status(int status, std::string_view code, int retry_after_s = -1);
  /// Restricts it: `fault.on("PUT", "uploadId")`.
  Fault on(std::string_view on_method, std::string_view on_target = "") const;
  Fault repeated(int count) const;
  Fault after(int passing) const;
  /// Hits every matching request from then on; counts as one planned.
  Fault always() const { return repeated(k_always); }
  static constexpr int k_always = 1'000'000;
};

/// A TCP proxy on 127.0.0.1 in front of a server, which understands enough HTTP/1.1 to hit single requests. One
/// thread and one epoll, about 20 us of CPU per request, so that it can also stand in a benchmark to add latency.
/// Thread-safe. Stops when destroyed.
class FaultProxy {
 public:
  /// Errors: io.
  static Result<std::unique_ptr<FaultProxy>> start(int upstream_port);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;
  FaultProxy& operator=(const FaultProxy&) = delete;

  /// "http://127.0.0.1:PORT"
  std::string endpoint() const;
  int port() const;
  /// Adds faults; the first that matches a request hits it.
  void plan(const Fault& fault);
  /// How many hits all plans together ask for, and how many there were. A test in which the second is smaller has
  /// proven less than it says, and fails.
  int planned() const;
  int injected() const;
  /// Waits until there were `count` hits, `limit` at most; false where there were fewer.
  bool wait_until_injected(int count, std::chrono::milliseconds limit) const;
  /// Every reply comes so much later.
  void set_latency(std::chrono::milliseconds latency);
  /// Heads of the requests that came, in order; kept only after record(true).
  void record(bool on);
  std::vector<std::string> heads() const;

 private:
  class Loop;
  explicit FaultProxy(std::unique_ptr<Loop> loop);
  const std::unique_ptr<Loop> loop_;
};

/// Size of the HTTP message that `bytes` begin with, or 0 while it is not complete. `no_body`: a reply to HEAD.
std::size_t http_message_size(std::string_view bytes, bool is_reply, bool no_body);

}  // namespace shoal::data
