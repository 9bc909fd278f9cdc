#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/posix.h"
#include "base/status.h"
#include "shell/output/line_cutter.h"
#include "shell/output/printer.h"
#include "shell/reader.h"

namespace shoal::shell {

/// Two pipes: what a worker process gets for its standard output and error, and the ends that are read.
struct OutputPipes {
  static Result<OutputPipes> make();
  Fd out, err;            ///< To write to.
  Fd read_out, read_err;  ///< These do not wait.
};

/// What one worker process writes, on its way to the printer. Read by whoever reads; what is called here is called on the
/// thread that reads, too, but for the constructor and watch().
class WorkerStreams {
 public:
  /// `secret`: of its marks, see LineCutter.
  WorkerStreams(Reader& reader, Printer& printer, int pid, std::string_view secret, Fd out, Fd err);
  ~WorkerStreams();
  WorkerStreams(const WorkerStreams&) = delete;
  WorkerStreams& operator=(const WorkerStreams&) = delete;

  void watch();
  /// The process has ended: hands on all that it wrote.
  void end();
  /// The last lines of its standard error, for an error's text: each behind "\n  | ". Empty where there are none.
  std::string last_words() const;

 private:
  class Stream;

  const std::unique_ptr<Stream> out_, err_;
  Printer& printer_;
  const int pid_;
};

}  // namespace shoal::shell
