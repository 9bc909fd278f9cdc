#include "api/waiting.h"

#include "shell/running_call.h"

namespace shoal {

Waiting::Waiting() {
  const shell::RunningCall* const call = shell::RunningCall::of_this_thread();
  if (call != nullptr && call->home().waits()) home_ = &call->home();
}

Waiting::~Waiting() {
  if (home_ != nullptr) home_->waits_no_more();
}

}  // namespace shoal
