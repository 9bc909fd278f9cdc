#include "base/interrupt.h"

#include <shoal/base/error.h>

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>
#include <utility>

#include "base/console.h"
#include "base/thread_safety.h"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;
constexpr Clock::time_point k_none = Clock::time_point::max();  // no deadline

// The eventfd counts signals in its low half and requests to the watcher in its high half. It is never closed: a
// handler may be about to write to it on any thread.
constexpr std::uint64_t k_signal = 1;
constexpr std::uint64_t k_request = std::uint64_t{1} << 32;

std::atomic<int> signal_fd{-1};
std::atomic<bool> interrupted{false};
std::terminate_handler previous_terminate = nullptr;

void notify(std::uint64_t what) {
  // Nothing can be done about a failure here, and nothing but a full counter fails.
  [[maybe_unused]] const ssize_t written = write(signal_fd.load(), &what, sizeof what);
}

void on_sigint(int) {
  const int saved = errno;
  notify(k_signal);
  errno = saved;
}

[[noreturn]] void on_terminate() {
  if (interrupted && std::current_exception() != nullptr) {
    try {
      std::rethrow_exception(std::current_exception());
    } catch (const Cancelled&) {
      std::fflush(stdout);
      Console::process().write_last_line("Interrupted by Ctrl-C.");
      _exit(k_interrupt_exit_status);
    } catch (...) {  // not ours: the handler before decides
    }
  }
  if (previous_terminate != nullptr) previous_terminate();
  std::abort();
}

/// The registrations of this process, and the thread that serves them while there are any.
class Watcher {
 public:
  static Watcher& process() {
    static Watcher* const watcher = new Watcher;
    return *watcher;
  }

  std::uint64_t add(InterruptCallbacks callbacks) {
    const Lock turn(lifecycle_);
    bool is_first = false;
    std::uint64_t id = 0;
    {
      const Lock lock(mutex_);
      id = next_id_++;
      is_first = entries_.empty();
      entries_.push_back(Entry{id, std::move(callbacks), false});
    }
    if (is_first) start();
    return id;
  }

  void remove(std::uint64_t id) {
    const Lock turn(lifecycle_);
    bool is_last = false;
    {
      const Lock lock(mutex_);
      std::erase_if(entries_, [id](const Entry& entry) { return entry.id == id; });
      is_last = entries_.empty();
    }
    if (is_last) {
      stop();
    } else {
      notify(k_request);  // perhaps nobody is left to wait for
    }
  }

 private:
  struct Entry {
    std::uint64_t id;
    InterruptCallbacks callbacks;
    bool is_interrupted;
  };

  void start() REQUIRES(lifecycle_) {
    if (signal_fd.load() < 0) signal_fd.store(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    struct sigaction current{};
    if (signal_fd.load() < 0 || sigaction(SIGINT, nullptr, &current) != 0 || current.sa_handler != SIG_DFL) return;
    struct sigaction ours{};
    ours.sa_handler = on_sigint;
    ours.sa_flags = SA_RESTART | SA_RESETHAND;
    sigemptyset(&ours.sa_mask);
    stopping_ = false;
    // No signal of the process is to be taken by this thread: programs may count on threads of their own for that.
    sigset_t all{}, before{};
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    thread_ = std::thread([this] { watch(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    sigaction(SIGINT, &ours, nullptr);
  }

  void stop() REQUIRES(lifecycle_) {
    if (!thread_.joinable()) return;
    struct sigaction current{};
    sigaction(SIGINT, nullptr, &current);
    if (current.sa_handler == on_sigint) {
      struct sigaction original{};
      original.sa_handler = SIG_DFL;
      sigaction(SIGINT, &original, nullptr);
    }
    stopping_ = true;
    notify(k_request);
    thread_.join();
    // A signal that came when the work was just done: what it would have done without the work, it does now.
    if (unserved_.exchange(false)) raise(SIGINT);
  }

  void watch() {
    Clock::time_point deadline = k_none;
    for (;;) {
      const std::uint64_t events = wait(deadline);
      if ((events & (k_request - 1)) != 0) {
        if (interrupt_all()) {
          deadline = Clock::now() + std::chrono::milliseconds(k_interrupt_grace_ms);
        } else {
          unserved_ = true;
        }
      }
      if (stopping_) return;
      if (deadline != k_none && !anyone_interrupted()) deadline = k_none;
      if (Clock::now() >= deadline) end_process();
    }
  }

  /// Waits for a signal, a request or the deadline, and returns what was counted.
  static std::uint64_t wait(Clock::time_point deadline) {
    int timeout_ms = -1;
    if (deadline != k_none) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
      timeout_ms = static_cast<int>(std::max<std::int64_t>(left, 0));
    }
    pollfd ready{signal_fd.load(), POLLIN, 0};
    poll(&ready, 1, timeout_ms);
    std::uint64_t count = 0;
    return read(ready.fd, &count, sizeof count) == sizeof count ? count : 0;
  }

  /// False where there is nobody to interrupt.
  bool interrupt_all() {
    const Lock lock(mutex_);
    if (entries_.empty()) return false;
    if (!interrupted.exchange(true)) previous_terminate = std::set_terminate(on_terminate);
    for (Entry& entry : entries_) {
      entry.is_interrupted = true;
      entry.callbacks.interrupt();
    }
    return true;
  }

  bool anyone_interrupted() {
    const Lock lock(mutex_);
    return std::any_of(entries_.begin(), entries_.end(), [](const Entry& entry) { return entry.is_interrupted; });
  }

  /// The work did not end: says what runs, cleans up and leaves. Does nothing where it ended this very moment.
  void end_process() {
    const Lock lock(mutex_);
    std::string names;
    bool any = false;
    for (const Entry& entry : entries_) {
      if (!entry.is_interrupted) continue;
      any = true;
      if (!entry.callbacks.still_running) continue;
      for (const std::string& name : entry.callbacks.still_running()) names += (names.empty() ? "" : ", ") + name;
    }
    if (!any) return;
    for (const Entry& entry : entries_) {
      if (entry.is_interrupted && entry.callbacks.discard) entry.callbacks.discard();
    }
    Console::process().write_last_line(
        names.empty() ? "Interrupted by Ctrl-C; ended after 1.5 s, in which the program did not come back for its next "
                        "batch or row, where it gets shoal::Cancelled, or storage did not answer."
                      : "Interrupted by Ctrl-C; ended without waiting for what still ran: " + names + ".");
    _exit(k_interrupt_exit_status);
  }

  Mutex lifecycle_;  // held by add and remove from end to end; taken before mutex_
  std::thread thread_ GUARDED_BY(lifecycle_);
  std::atomic<bool> stopping_{false};
  std::atomic<bool> unserved_{false};

  Mutex mutex_;  // held while callbacks run
  std::vector<Entry> entries_ GUARDED_BY(mutex_);
  std::uint64_t next_id_ GUARDED_BY(mutex_) = 1;
};

}  // namespace

InterruptRegistration::InterruptRegistration(InterruptCallbacks callbacks)
    : id_(Watcher::process().add(std::move(callbacks))) {}

InterruptRegistration::~InterruptRegistration() { Watcher::process().remove(id_); }

bool was_interrupted() { return interrupted; }

}  // namespace shoal
