#pragma once

#include <string>

namespace shoal::shell {

/// What is known of a worker process that has ended.
struct EndedWorker {
  int pid = 0;
  std::string end{};             ///< See wait_for_end().
  std::string task{};            ///< That it ran; empty = none.
  bool may_lack_memory = false;  ///< The system ended some process for lack of memory meanwhile.
  std::string last_words{};      ///< See WorkerStreams.
};

/// For errors: "process 4711: it was ended by signal 9 (Killed) while it ran resize; ...".
std::string cause_of_end(const EndedWorker& worker);

}  // namespace shoal::shell
