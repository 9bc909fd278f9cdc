#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/status.h"

namespace shoal::data {

class TlsSession;

/// What is trusted: a PEM bundle or the system's certificates. TLS 1.2 or newer, certificates always checked.
/// Thread-safe; outlives its sessions.
class TlsContext {
 public:
  /// `ca_file`: PEM bundle; empty = the system's. Errors: not_found, corrupt_data (no certificate in it).
  static Result<std::shared_ptr<TlsContext>> make(const std::string& ca_file);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  /// A client's session on a connected non-blocking socket, for the server named `host` (name or address).
  std::unique_ptr<TlsSession> open(int fd, const std::string& host);

 private:
  struct State;
  explicit TlsContext(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// How a read, a write or a handshake on a non-blocking stream ended.
enum class IoState : std::uint8_t { ok, want_read, want_write, closed, failed };
struct IoResult {
  IoState state = IoState::ok;
  std::size_t bytes = 0;
};

/// TLS on one socket; belongs to the thread of its connection. The socket stays the caller's.
class TlsSession {
 public:
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  IoResult handshake();
  IoResult read(std::span<std::uint8_t> into);
  IoResult write(std::span<const std::uint8_t> bytes);
  /// Cause of the last `failed`, for people: names the certificate's fault where that is it.
  const std::string& error() const { return error_; }
  /// True where the last failure was the server's certificate.
  bool certificate_refused() const { return certificate_refused_; }

 private:
  friend class TlsContext;
  struct State;
  explicit TlsSession(std::unique_ptr<State> state);
  IoResult outcome(int returned);
  std::unique_ptr<State> state_;
  std::string error_;
  bool certificate_refused_ = false;
};

}  // namespace shoal::data
