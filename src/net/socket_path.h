#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "base/posix.h"
#include "base/status.h"

namespace shoal::net {

/// Whether it is no path but a name: "@" and the rest, in the abstract namespace, which leaves nothing behind and knows no
/// modes: who else may guess it is told apart by user and handshake.
bool is_abstract(const std::string& path);

/// The address of a Unix socket, at a path or under a name. Errors: invalid_argument where it is empty or longer than the
/// 107 bytes that Linux allows.
Result<sockaddr_un> unix_address(const std::string& path);

/// A Unix socket that is not connected, non-blocking. Errors: io where there are no descriptors left.
Result<Fd> unix_socket();

/// Opens the folder that a socket's path names, which is made with mode 0700 where there is none. Errors: invalid_argument
/// where the path names no folder, permission_denied where the folder is of another user or others may enter it, and those
/// of errno_status().
Result<Fd> open_own_folder(const std::string& socket_path);

}  // namespace shoal::net
