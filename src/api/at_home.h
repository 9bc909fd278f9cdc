#pragma once

namespace shoal::shell {
class OwnerStation;
}

namespace shoal {

/// While one lives, what the calling thread spawns, calls, puts and waits for is done as `home` does it, whatever the thread
/// runs: for libraries whose own tasks are another session's (LocalSession). On the stack of the thread; `home` outlives it.
class AtHome {
 public:
  explicit AtHome(shell::OwnerStation& home);
  ~AtHome();
  AtHome(const AtHome&) = delete;
  AtHome& operator=(const AtHome&) = delete;

 private:
  shell::OwnerStation* const before_;
};

/// Of the calling thread, where its tasks run in other processes; else null. Lives as long as the session.
shell::OwnerStation* home_with_worker_processes();

}  // namespace shoal
