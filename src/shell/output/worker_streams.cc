#include "shell/output/worker_streams.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/console.h"

namespace shoal::shell {
namespace {

/// At one visit so much is read, so that one process that writes without end does not keep others from being read.
constexpr std::size_t k_visit_bytes = 65'536;
constexpr std::size_t k_last_lines = 5;
/// Of a line in an error's text.
constexpr std::size_t k_last_line_max = 400;

}  // namespace

Result<OutputPipes> OutputPipes::make() {
  OutputPipes pipes;
  for (auto [reads, writes] : {std::pair(&pipes.read_out, &pipes.out), std::pair(&pipes.read_err, &pipes.err)}) {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return errno_status(errno, "make a pipe for", "a worker process's output");
    reads->reset(ends[0]);
    writes->reset(ends[1]);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  }
  return pipes;
}

class WorkerStreams::Stream final : public Pollable, private Printer::Waiter {
 public:
  Stream(Reader& reader, Printer& printer, Origin origin, std::string_view secret, Fd pipe)
      : reader_(reader), printer_(printer), origin_(std::move(origin)), cutter_(secret), pipe_(std::move(pipe)) {}

  void watch() { reader_.add(pipe_.get(), EPOLLIN, *this); }

  void end() {
    if (!pipe_.is_open()) return;
    close();
    read(static_cast<std::size_t>(
        ::fcntl(pipe_.get(), F_GETPIPE_SZ)));  // what comes beyond that is of others that it left
    std::vector<Line> lines;
    cutter_.end(lines);
    hand_on(std::move(lines));
    pipe_.reset();
  }

  const std::deque<std::string>& last_lines() const { return last_lines_; }

 private:
  // Without room nothing is read until there is some. What a process left behind that writes no more is bounded: that is read.
  void on_events(std::uint32_t events) override {
    if ((events & EPOLLHUP) == 0 && printer_.is_full()) {
      reader_.change(pipe_.get(), 0);
      return printer_.wait_for_room(*this);
    }
    if (read(k_visit_bytes) == 0) close();
  }

  void on_room() override { reader_.change(pipe_.get(), EPOLLIN); }

  void close() {
    printer_.stop_waiting(*this);
    reader_.remove(pipe_.get());
  }

  /// About so much, if it is there. As ::read(): 0 where nothing will follow, -1 where nothing is there now.
  ssize_t read(std::size_t bytes_max) {
    std::array<char, 16'384> buffer;
    std::vector<Line> lines;
    std::size_t bytes = 0;
    ssize_t got = 1;
    while (got > 0 && bytes < bytes_max) {
      got = ::read(pipe_.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) {
        got = 1;
        continue;
      }
      if (got > 0) cutter_.take({buffer.data(), static_cast<std::size_t>(got)}, lines);
      bytes += got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    hand_on(std::move(lines));
    return got;
  }

  void hand_on(std::vector<Line> lines) {
    if (origin_.is_error) {
      for (const Line& line : lines) remember(line);
    }
    printer_.put(origin_, std::move(lines));
  }

  /// Those of the task that ran last.
  void remember(const Line& line) {
    if (line.who != last_who_) last_lines_.clear();
    last_who_ = line.who;
    last_lines_.push_back(line.text.substr(0, k_last_line_max));
    if (last_lines_.size() > k_last_lines) last_lines_.pop_front();
  }

  Reader& reader_;
  Printer& printer_;
  const Origin origin_;
  LineCutter cutter_;
  Fd pipe_;
  std::shared_ptr<const std::string> last_who_;
  std::deque<std::string> last_lines_;
};

WorkerStreams::WorkerStreams(Reader& reader, Printer& printer, int pid, std::string_view secret, Fd out, Fd err)
    : out_(std::make_unique<Stream>(reader, printer, Origin{.pid = pid}, secret, std::move(out))),
      err_(std::make_unique<Stream>(reader, printer, Origin{.pid = pid, .is_error = true}, secret, std::move(err))),
      printer_(printer),
      pid_(pid) {}

WorkerStreams::~WorkerStreams() = default;

void WorkerStreams::watch() {
  out_->watch();
  err_->watch();
}

void WorkerStreams::end() {
  out_->end();
  err_->end();
  printer_.forget(pid_);
}

std::string WorkerStreams::last_words() const {
  std::string words;
  for (const std::string& line : err_->last_lines()) words += "\n  | " + as_one_line(line);
  return words;
}

}  // namespace shoal::shell
