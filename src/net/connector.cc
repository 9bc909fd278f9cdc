#include "net/connector.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "net/socket_path.h"

namespace shoal::net {
namespace {

Status refused(int error, const std::string& path) {
  if (error == ECONNREFUSED) {
    return Status(ErrorCode::unavailable, "nobody listens at " + path + " any more; its process is gone");
  }
  if (error == EAGAIN) {
    return Status(ErrorCode::throttled, "too many processes call at " + path + " at once; try again");
  }
  return errno_status(error, "call at", path);
}

int left_ms(std::chrono::steady_clock::time_point until) {
  const auto left = until - std::chrono::steady_clock::now();
  return static_cast<int>(
      std::clamp<std::int64_t>(std::chrono::ceil<std::chrono::milliseconds>(left).count(), 0, 1'000'000));
}

}  // namespace

Connector::Connector(std::string path, Roles self, Introduction introduction)
    : path_(std::move(path)), self_(self), introduction_(std::move(introduction)) {}

Result<std::unique_ptr<Connector>> Connector::start(const std::string& path, const Token& token, const Identity& self,
                                                    const Call& call) {
  SHOAL_ASSIGN_OR_RETURN(sockaddr_un address, unix_address(path));
  SHOAL_ASSIGN_OR_RETURN(Fd socket, unix_socket());
  // A Unix socket is connected at once or not at all.
  while (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    if (errno != EINTR) return refused(errno, path);
  }
  SHOAL_RETURN_IF_ERROR(check_user(socket).with_context(path));
  Introduction introduction(std::move(socket), Handshake::call(token, self, call, random_nonce()));
  std::unique_ptr<Connector> connector(new Connector(path, self.roles, std::move(introduction)));
  connector->on_ready();
  return connector;
}

Result<std::unique_ptr<SocketChannel>> Connector::take() {
  SHOAL_RETURN_IF_ERROR(introduction_.status().with_context(path_));
  return std::make_unique<SocketChannel>(introduction_.take_socket(), introduction_.epoch(), self_,
                                         introduction_.peer());
}

Result<std::unique_ptr<SocketChannel>> connect(const std::string& path, const Token& token, const Identity& self,
                                               const Call& call, std::int64_t timeout_ns) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(timeout_ns);
  auto connector = Connector::start(path, token, self, call);
  while (!connector.ok() && connector.status().code() == ErrorCode::throttled && left_ms(until) > 0) {
    ::poll(nullptr, 0, 1);
    connector = Connector::start(path, token, self, call);
  }
  SHOAL_RETURN_IF_ERROR(connector.status());
  while (!(*connector)->is_over()) {
    pollfd on{.fd = (*connector)->descriptor(), .events = POLLIN, .revents = 0};
    if ((*connector)->wants_write()) on.events |= POLLOUT;
    if (::poll(&on, 1, left_ms(until)) == 0) {
      return Status(ErrorCode::timeout, "the process at " + path + " did not answer a call within " +
                                            std::to_string(timeout_ns / 1'000'000) + " ms; is it stopped?");
    }
    (*connector)->on_ready();
  }
  return (*connector)->take();
}

}  // namespace shoal::net
