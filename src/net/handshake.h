#pragma once

#include <shoal/base/ids.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "net/limits.h"
#include "net/roles.h"
#include "net/token.h"

/// How two processes learn that both know the cluster's token, before any frame. The token crosses no wire:
///
///     caller                                                    listener
///       hello: version, who, whom, epoch, program, nonce   ->
///                           <-   hello of its own, HMAC(token, "listener" | both hellos)
///       HMAC(token, "caller" | both hellos)                ->
///
/// Both HMACs cover both hellos with both nonces, so what was recorded, turned round or changed on its way fails, and so
/// does a change of the version, of which there is one at a time. What comes behind it is protected by the socket alone.
namespace shoal::net {

/// A build of the code, so that functions and messages mean the same in both processes: opaque, 16 to 32 bytes.
struct Program {
  std::array<std::uint8_t, 32> bytes{};  ///< Zeros behind `size`.
  std::uint8_t size = 0;
  friend bool operator==(const Program&, const Program&) = default;

  /// Errors: invalid_argument where there are not 16 to 32 bytes.
  static Result<Program> of(std::span<const std::uint8_t> bytes);
};
/// The first 8 bytes as hexadecimal digits.
std::string to_string(const Program& program);

/// What a process says of itself.
struct Identity {
  ProcessId process;
  Roles roles;  ///< At least one.
  Program program;
  friend bool operator==(const Identity&, const Identity&) = default;
};

/// Which connection of which process to which: both ends agree on it in the handshake.
struct Call {
  ProcessId wanted;
  std::uint64_t epoch = 0;  ///< From 1; the caller takes a higher one each time.
};

/// One side of the handshake, as a state machine without I/O or clock: whoever has the socket reads at most wanted()
/// bytes at a time, hands them to on_bytes(), and sends output(). Nothing of the peer is kept but its hello. One thread
/// at a time.
class Handshake {
 public:
  /// The side that calls. `nonce` is used once, and so are those of answer().
  static Handshake call(const Token& token, const Identity& self, const Call& call, const Nonce& nonce);
  static Handshake answer(const Token& token, const Identity& self, const Nonce& nonce);

  /// How many bytes may come now; 0 once it is over, and what follows is a channel's.
  std::size_t wanted() const;
  /// Precondition: at most wanted() bytes.
  void on_bytes(std::span<const std::uint8_t> bytes);
  /// To be sent, also where it failed: an answer tells the peer what differs. Whoever sent some of it takes it off.
  std::span<const std::uint8_t> output() const { return std::span(output_).subspan(sent_); }
  void on_sent(std::size_t bytes) { sent_ += bytes; }

  /// The peer is who it says, as far as the token proves, and output() is all that is left to do.
  bool is_done() const { return state_ == State::done; }
  /// Errors, each with who was reached: corrupt_data for what is no handshake, unsupported for another version,
  /// schema_mismatch for another build, permission_denied for another token, not_found where another process listens than
  /// was wanted. They are final.
  const Status& status() const { return failure_; }
  /// Of the peer; only once is_done().
  const Identity& peer() const { return peer_; }
  std::uint64_t epoch() const { return call_.epoch; }

 private:
  enum class State : std::uint8_t { prefix, hello, mac, done, failed };
  enum class Side : std::uint8_t { caller, listener };
  struct Hello;

  Handshake(Side side, const Token& token, const Identity& self, const Call& call, const Nonce& nonce);
  Hello own_hello() const;
  void say_hello();
  void sign_as(Side side);
  Mac mac_of(Side side) const;
  Status check_prefix() const;
  Status on_hello();
  Status check_peer(const Hello& hello);
  Status on_mac();
  void fail(Status status);

  const Side side_;
  State state_ = State::prefix;
  Token token_;
  const Identity self_;
  Call call_;
  const Nonce nonce_;

  std::array<std::uint8_t, k_hello_bytes_max> in_{};  // of the part that comes now
  std::size_t in_size_ = 0;
  std::size_t in_wanted_ = 0;
  std::vector<std::uint8_t> own_hello_, peer_hello_;
  std::vector<std::uint8_t> output_;
  std::size_t sent_ = 0;
  Identity peer_;
  Status failure_;
};

}  // namespace shoal::net
