#include "shell/cause_of_end.h"

namespace shoal::shell {

std::string cause_of_end(const EndedWorker& worker) {
  std::string cause = "process " + std::to_string(worker.pid) + ": " + worker.end;
  if (!worker.task.empty()) cause += " while it ran " + worker.task;
  if (worker.may_lack_memory) {
    cause +=
        ", most likely by the system, which ends processes for lack of memory: let fewer run at once, or give tasks a "
        ".memory";
  }
  if (!worker.last_words.empty()) cause += "; the last that it wrote to standard error:" + worker.last_words;
  return cause;
}

}  // namespace shoal::shell
