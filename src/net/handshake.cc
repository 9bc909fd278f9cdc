#include "net/handshake.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <type_traits>
#include <utility>

#include "base/hex.h"

namespace shoal::net {
namespace {

constexpr std::uint16_t k_version = 1;
constexpr std::array<std::uint8_t, 4> k_magic = {'s', 'h', 'o', 'l'};
constexpr std::size_t k_prefix_bytes = 8;
constexpr std::size_t k_program_bytes_min = 16;
constexpr std::size_t k_label_bytes = 16;

Status not_ours(const std::string& text) {
  return Status(ErrorCode::corrupt_data, "a process sent what is no handshake (" + text + "); is it Shoal at all?");
}

std::string name_of(ProcessId process, Roles roles) { return to_string(process) + " (" + to_string(roles) + ")"; }

}  // namespace

/// As it is sent, little endian. The first 8 bytes are the same in all versions.
struct Handshake::Hello {
  std::array<std::uint8_t, 4> magic = k_magic;
  std::uint16_t version = k_version;
  std::uint16_t length = 0;  // of what follows
  std::uint64_t epoch = 0;
  ProcessId self, wanted;
  Nonce nonce{};
  std::array<std::uint8_t, 32> program{};
  std::uint8_t program_size = 0;
  Side side{};
  std::uint8_t roles = 0;
  std::array<std::uint8_t, 5> zeros{};

  Identity identity() const {
    return {.process = self, .roles = Roles::of_bits(roles), .program = {.bytes = program, .size = program_size}};
  }
};

Result<Program> Program::of(std::span<const std::uint8_t> bytes) {
  Program program;
  if (bytes.size() < k_program_bytes_min || bytes.size() > program.bytes.size()) {
    return Status(ErrorCode::invalid_argument, "a build is named by 16 to 32 bytes, not " +
                                                   std::to_string(bytes.size()) + "; take the linker's build id");
  }
  std::ranges::copy(bytes, program.bytes.begin());
  program.size = static_cast<std::uint8_t>(bytes.size());
  return program;
}

std::string to_string(const Program& program) {
  std::string text;
  append_hex(text, std::string_view(reinterpret_cast<const char*>(program.bytes.data()), 8));
  return text;
}

Handshake::Handshake(Side side, const Token& token, const Identity& self, const Call& call, const Nonce& nonce)
    : side_(side), token_(token), self_(self), call_(call), nonce_(nonce), in_wanted_(k_prefix_bytes) {}

Handshake Handshake::call(const Token& token, const Identity& self, const Call& call, const Nonce& nonce) {
  Handshake handshake(Side::caller, token, self, call, nonce);
  handshake.say_hello();
  return handshake;
}

Handshake Handshake::answer(const Token& token, const Identity& self, const Nonce& nonce) {
  return Handshake(Side::listener, token, self, {}, nonce);
}

Handshake::Hello Handshake::own_hello() const {
  Hello hello;
  hello.length = sizeof(Hello) - k_prefix_bytes;
  hello.epoch = call_.epoch;
  hello.self = self_.process;
  hello.wanted = call_.wanted;
  hello.nonce = nonce_;
  hello.program = self_.program.bytes;
  hello.program_size = self_.program.size;
  hello.side = side_;
  hello.roles = self_.roles.bits();
  return hello;
}

void Handshake::say_hello() {
  static_assert(std::has_unique_object_representations_v<Hello>, "no bytes of padding, which would be anything");
  static_assert(sizeof(Hello) + sizeof(Mac) <= k_hello_bytes_max);
  const Hello hello = own_hello();
  own_hello_.resize(sizeof hello);
  std::memcpy(own_hello_.data(), &hello, sizeof hello);
  output_.insert(output_.end(), own_hello_.begin(), own_hello_.end());
}

/// What `side` proves itself with. The label keeps one side's from being taken for the other's.
Mac Handshake::mac_of(Side side) const {
  std::array<std::uint8_t, k_label_bytes + 2 * sizeof(Hello)> text{};
  const std::string_view label = side == Side::caller ? "shoal caller" : "shoal listener";
  const auto& from_caller = side_ == Side::caller ? own_hello_ : peer_hello_;
  const auto& from_listener = side_ == Side::caller ? peer_hello_ : own_hello_;
  auto end = std::ranges::copy(label, text.begin()).out;
  end = std::ranges::copy(from_caller, text.begin() + k_label_bytes).out;
  end = std::ranges::copy(from_listener, end).out;
  assert(end == text.end());
  return token_.sign(text);
}

void Handshake::sign_as(Side side) {
  const Mac mac = mac_of(side);
  output_.insert(output_.end(), mac.begin(), mac.end());
}

std::size_t Handshake::wanted() const {
  return state_ == State::done || state_ == State::failed ? 0 : in_wanted_ - in_size_;
}

void Handshake::on_bytes(std::span<const std::uint8_t> bytes) {
  assert(bytes.size() <= wanted());
  std::ranges::copy(bytes, in_.begin() + static_cast<std::ptrdiff_t>(in_size_));
  in_size_ += bytes.size();
  if (bytes.empty() || in_size_ < in_wanted_) return;
  Status status;
  switch (state_) {
    case State::prefix:
      status = check_prefix();
      state_ = State::hello;
      in_wanted_ = sizeof(Hello);  // all of it stays in in_
      break;
    case State::hello:
      status = on_hello();
      state_ = State::mac;
      in_wanted_ = sizeof(Mac);
      in_size_ = 0;
      break;
    default: status = on_mac(); state_ = State::done;
  }
  if (!status.ok()) fail(std::move(status));
}

/// What may be believed of a peer of any version.
Status Handshake::check_prefix() const {
  Hello hello;
  std::memcpy(static_cast<void*>(&hello), in_.data(), k_prefix_bytes);
  if (hello.magic != k_magic) return not_ours("its first bytes are others");
  if (hello.length > k_hello_bytes_max - k_prefix_bytes) {
    return not_ours("a hello of " + std::to_string(hello.length) + " bytes");
  }
  if (hello.version != k_version) {
    return Status(ErrorCode::unsupported, "a process speaks version " + std::to_string(hello.version) +
                                              " of the protocol and this one version " + std::to_string(k_version) +
                                              "; run the same release of Shoal everywhere");
  }
  return hello.length == sizeof(Hello) - k_prefix_bytes ? Status() : not_ours("a hello of another length");
}

Status Handshake::on_hello() {
  Hello hello;
  std::memcpy(&hello, in_.data(), sizeof hello);
  peer_hello_.assign(in_.begin(), in_.begin() + sizeof hello);
  peer_ = hello.identity();
  if (hello.side == side_) return not_ours("our own hello, or one of the same side");
  if (hello.side > Side::listener || peer_.roles.empty() || hello.epoch == 0 ||
      hello.zeros != decltype(hello.zeros){}) {
    return not_ours("a hello with values that mean nothing");
  }
  const auto program = Program::of(std::span(hello.program).first(std::min<std::size_t>(hello.program_size, 32)));
  if (!program.ok() || *program != peer_.program) return not_ours("a build without a name");
  if (side_ == Side::caller) return {};  // believed only once the HMAC is right
  call_ = {.wanted = hello.self, .epoch = hello.epoch};
  say_hello();
  sign_as(Side::listener);
  return check_peer(hello);
}

/// Whether it is a process to talk to, if it says the truth.
Status Handshake::check_peer(const Hello& hello) {
  const std::string peer = name_of(hello.self, peer_.roles);
  if (peer_.program != self_.program) {
    return Status(ErrorCode::schema_mismatch, peer + " runs another build, " + to_string(peer_.program) +
                                                  ", than this process, " + to_string(self_.program) +
                                                  "; start the same program everywhere");
  }
  const ProcessId expected = side_ == Side::caller ? call_.wanted : self_.process;
  const ProcessId reached = side_ == Side::caller ? hello.self : hello.wanted;
  if (reached == expected) return {};
  return Status(ErrorCode::not_found, side_ == Side::caller
                                          ? peer + " listens where " + to_string(expected) + " was to be; it is gone"
                                          : peer + " wants " + to_string(reached) + ", but this is " +
                                                to_string(expected) + "; who it wants is gone");
}

Status Handshake::on_mac() {
  Hello hello;
  std::memcpy(&hello, peer_hello_.data(), sizeof hello);
  Mac mac;
  std::ranges::copy(std::span(in_).first(mac.size()), mac.begin());
  if (!are_equal(mac, mac_of(side_ == Side::caller ? Side::listener : Side::caller))) {
    return Status(ErrorCode::permission_denied, name_of(hello.self, peer_.roles) +
                                                    " has another token than this process; start both with the token "
                                                    "of one cluster");
  }
  if (side_ == Side::listener) return {};
  SHOAL_RETURN_IF_ERROR(check_peer(hello));
  if (hello.wanted != self_.process || hello.epoch != call_.epoch) return not_ours("an answer to somebody else");
  sign_as(Side::caller);
  return {};
}

void Handshake::fail(Status status) {
  // Of another version the peer can read the first bytes of the answer, which say so.
  if (status.code() == ErrorCode::unsupported && side_ == Side::listener) say_hello();
  failure_ = std::move(status);
  state_ = State::failed;
}

}  // namespace shoal::net
