#pragma once

#include <cstdint>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/posix.h"
#include "base/thread_safety.h"
#include "base/time.h"
#include "shell/event.h"
#include "shell/patience.h"

namespace shoal::shell {

/// What a descriptor that becomes readable or writable belongs to.
class Pollable {
 public:
  virtual ~Pollable() = default;
  /// `events` as epoll's. On the thread that reads, one at a time and under no lock.
  virtual void on_events(std::uint32_t events) = 0;
};

/// Whoever waits reads. Of the threads of this process that wait for something, one watches the descriptors and brings
/// what arrives to whom it belongs; often that is the thread itself, which then need not be woken. When it has what it
/// waited for, another one that waits goes on. Where nobody read for a millisecond, a thread of the reader's own does.
class Reader final : private Event::Waker {
 public:
  /// Throws std::system_error where the process may have no more descriptors or threads.
  Reader();
  /// No thread waits here any more.
  ~Reader() override;
  /// From now on nobody reads but threads that wait(). The destructor does it, too.
  void stop();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// `events` as epoll's. From any thread.
  void add(int descriptor, std::uint32_t events, Pollable& what);
  void change(int descriptor, std::uint32_t events);
  /// When it returns, on_events() is not running, but where that is the caller, and will not be called again.
  void remove(int descriptor);

  /// Until it is set, and reads meanwhile; false where the deadline came first.
  bool wait(Event& event, const Deadline& deadline);

 private:
  struct Entry {
    Pollable* what = nullptr;
    std::uint32_t generation = 0;  // numbers of descriptors are used again
  };

  bool begin_reading() REQUIRES(mutex_);
  void end_reading() REQUIRES(mutex_);
  void hand_over() REQUIRES(mutex_);
  void read_until(Event& event, const Deadline& deadline, bool stands_in);
  void read_once(const Deadline& deadline, bool stands_in);
  void dispatch(std::uint64_t key, std::uint32_t events);
  void stand_in();
  void control(int operation, int descriptor, std::uint32_t events, std::uint32_t generation) const;
  void wake() override;

  const Fd epoll_;
  const Fd wake_;  // an eventfd in it

  Mutex mutex_;
  bool is_read_ GUARDED_BY(mutex_) = false;         // by some thread
  Patience patience_;                               // of the thread that reads
  std::vector<Event*> waiting_ GUARDED_BY(mutex_);  // while another thread reads
  std::unordered_map<int, Entry> entries_ GUARDED_BY(mutex_);
  std::uint32_t generation_ GUARDED_BY(mutex_) = 0;
  Pollable* visited_ GUARDED_BY(mutex_) = nullptr;
  std::thread::id visitor_ GUARDED_BY(mutex_);
  CondVar visit_over_;

  // Its own thread, for when nobody reads.
  CondVar look_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool is_asleep_ GUARDED_BY(mutex_) = false;  // until somebody stops reading
  bool stands_in_ GUARDED_BY(mutex_) = false;  // it reads
  Time last_read_ GUARDED_BY(mutex_) = 0;      // when somebody stopped reading
  Event relief_;                               // somebody else wants to read
  std::thread thread_;
};

}  // namespace shoal::shell
