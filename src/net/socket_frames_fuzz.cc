// Any bytes in any pieces: frames whose messages the peer may say, or the end; never both, and the same whatever the pieces.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <utility>
#include <vector>

#include "net/socket_channel.h"
#include "wire/print.h"

namespace {

using namespace shoal;
using namespace shoal::net;

struct Seen {
  std::vector<Frame> frames;
  bool broken = false;
};

Seen read_all(std::span<const std::uint8_t> bytes, std::size_t piece, Roles peer) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
  const Fd writer(ends[1]);
  const std::array<std::uint8_t, 16> build{1};
  SocketChannel channel(Fd(ends[0]), 1, Role::worker,
                        {.process = {1, 2}, .roles = peer, .program = Program::of(build).value_or_throw()});
  Seen seen;
  while (!bytes.empty() && !seen.broken) {
    const std::size_t n = std::min(piece, bytes.size());
    if (::send(writer.get(), bytes.data(), n, MSG_NOSIGNAL) != static_cast<ssize_t>(n)) std::abort();
    bytes = bytes.subspan(n);
    Arrivals arrivals;
    channel.receive(arrivals);
    for (Frame& frame : arrivals.frames) {
      if (frame.header.kind == FrameKind::message && !may_say(peer, Role::worker, frame.message.index())) std::abort();
      seen.frames.push_back(std::move(frame));
    }
    seen.broken = arrivals.broken;
  }
  if (seen.broken == channel.fault().ok()) std::abort();
  return seen;
}

}  // namespace

/// The first byte says in which pieces, the second who the peer is.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Roles peer = Roles::of_bits(data[1] % 16);
  const std::span<const std::uint8_t> bytes(data + 2, size - 2);
  const Seen whole = read_all(bytes, 64 << 10, peer);
  const Seen pieces = read_all(bytes, 1 + data[0], peer);
  if (whole.broken != pieces.broken || whole.frames.size() != pieces.frames.size()) std::abort();
  for (std::size_t i = 0; i < whole.frames.size(); ++i) {
    if (whole.frames[i].header != pieces.frames[i].header) std::abort();
    if (to_string(whole.frames[i].message) != to_string(pieces.frames[i].message)) std::abort();
  }
  return 0;
}
