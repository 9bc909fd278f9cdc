#pragma once

#include <string>
#include <string_view>

#include "base/thread_safety.h"

namespace shoal::shell {

/// Of a worker process: writes into its own standard output and error whose they are from now on, for whoever reads them.
/// The streams themselves, and not a message, say it, so that order tells what belongs to whom.
class OutputMarks {
 public:
  /// Keeps the two streams as they are now: what the program does to its own later does not reach the marks. Each line
  /// of standard output goes out at its end from now on, although it is a pipe.
  explicit OutputMarks(std::string_view secret);
  OutputMarks(const OutputMarks&) = delete;
  OutputMarks& operator=(const OutputMarks&) = delete;

  /// Cheap where that was the last one, too. What stdio still kept of the one before goes out.
  void set(const std::string& name);
  /// What stdio keeps goes out.
  static void flush();

 private:
  const std::string secret_;
  const int out_, err_;
  Mutex mutex_;
  std::string name_ GUARDED_BY(mutex_);
};

}  // namespace shoal::shell
