#pragma once

#include <shoal/base/ids.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/thread_safety.h"
#include "net/inprocess.h"
#include "net/mailbox.h"
#include "wire/message.h"

namespace shoal::shell {

class Switch;

/// One core, its lock, and the messages that wait for it. Whoever brings something to a core works it off, unless somebody
/// is at it: then that thread does, before it leaves. So no thread waits for another to read, and none is there to read
/// alone. Messages between two stations stay in order.
class Station {
 public:
  Station(Switch& network, ProcessId self) : network_(network), self_(self) {}
  virtual ~Station() = default;
  Station(const Station&) = delete;
  Station& operator=(const Station&) = delete;

  ProcessId self() const { return self_; }

  /// Calls f() under the core's lock, behind all that came before, and sends what follows from it.
  template <class F>
  void enter(F&& f) {
    {
      const Lock lock(mutex_);
      take_in();
      f();
      give_out();
    }
    leave();
  }
  /// Works off what waits, unless another thread is at it.
  void serve();
  /// From any thread; serve() must follow. True where nothing waited.
  bool post(wire::Envelope from_and_message) { return mailbox_.put(std::move(from_and_message)); }
  bool has_mail() const { return mailbox_.size() > 0; }

 protected:
  Mutex& mutex() { return mutex_; }

 private:
  /// Under the lock: one message.
  virtual void on_message(ProcessId from, wire::Message& message) = 0;
  /// Under the lock, after some: what is to be sent.
  virtual void take_messages(std::vector<wire::Envelope>& into) = 0;
  /// Without the lock, after each time.
  virtual void on_left() {}

  void take_in() REQUIRES(mutex_);
  void give_out() REQUIRES(mutex_);
  void leave();

  Switch& network_;
  const ProcessId self_;
  net::Mailbox<wire::Envelope> mailbox_;
  // Counted before a try of the lock and after it is let go of: of a thread that posted, found the lock taken and left,
  // and one that looked for mail after it let go, one counts second and sees what the other did.
  std::atomic<std::uint64_t> turns_{0};
  Mutex mutex_;
  std::vector<wire::Envelope> in_ GUARDED_BY(mutex_);
  std::vector<wire::Envelope> out_ GUARDED_BY(mutex_);
};

/// Finds the stations of one process, and moves messages between them.
class Switch {
 public:
  /// With `transcode` every message goes through it, as if over a wire.
  explicit Switch(net::Transcode transcode = nullptr) : transcode_(transcode) {}
  ~Switch();
  Switch(const Switch&) = delete;
  Switch& operator=(const Switch&) = delete;

  void add(Station& station) { add(station, station.self()); }
  /// What is for `as` goes to it, too.
  void add(Station& station, ProcessId as);
  void remove(Station& station) { remove(station.self()); }
  void remove(ProcessId id);
  /// `find`: called where a message is for nobody known, perhaps under the sender's lock; null = nobody.
  void set_finder(std::function<Station*(ProcessId)> find) { finder_ = std::move(find); }
  /// Posts all and clears the vector. The receivers are served by serve_posted().
  void send(ProcessId from, std::vector<wire::Envelope>& messages);
  /// One message.
  void send(ProcessId from, ProcessId to, wire::Message message);
  /// Serves those to whom this thread has posted; under no lock.
  void serve_posted();

 private:
  // By number, which counts upwards and is never used again: chunks are made when they are reached, and stay.
  static constexpr std::size_t k_chunk = 4096, k_chunks_max = 4096;
  using Chunk = std::array<std::atomic<Station*>, k_chunk>;

  Station* find(ProcessId id) const;
  std::atomic<Station*>& place_of(ProcessId id);

  const net::Transcode transcode_;
  std::function<Station*(ProcessId)> finder_;  // set before there are messages
  std::vector<std::atomic<Chunk*>> chunks_ = std::vector<std::atomic<Chunk*>>(k_chunks_max);
  std::atomic<Station*> control_{nullptr};
};

}  // namespace shoal::shell
