#pragma once

namespace shoal::shell {
class OwnerStation;
}

namespace shoal {

/// While one lives, the calling thread waits for something that is no reference: what it runs lends its CPU, as it does in
/// get(). Nothing where it runs no task. On the stack of the thread that waits, around the wait alone, and not within
/// another: each beginning and end is a message to the scheduler.
class Waiting {
 public:
  Waiting();
  ~Waiting();
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  shell::OwnerStation* home_ = nullptr;
};

}  // namespace shoal
