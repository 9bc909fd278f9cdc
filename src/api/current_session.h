#pragma once

#include <shoal/shell/handle.h>

#include "shell/owner_station.h"

namespace shoal::shell {
class PrivateNode;
}

namespace shoal {

/// The session's driver, while one lives: the only singleton there is. Set and reset by Session.
void set_current_session(shell::OwnerStation* driver);
bool has_session();
/// The session's node, where it has worker processes of its own; else null.
shell::PrivateNode* node_of_session();
void set_node_of_session(shell::PrivateNode* node);

/// Where what the calling thread does belongs: the worker whose task it runs, else the session's driver. Throws
/// InvalidArgument where there is no session.
shell::OwnerStation& home_of_this_thread();

inline namespace v1 {
namespace detail {
/// Throws InvalidArgument where what is done `here` cannot pass the reference on.
void check_passable(const Handle& handle, const shell::OwnerStation& here);
}  // namespace detail
}  // namespace v1

}  // namespace shoal
