#pragma once

#include <shoal/base/ids.h>

#include <memory>
#include <utility>

#include "shell/gate.h"
#include "shell/pump.h"
#include "shell/reader.h"
#include "shell/station.h"
#include "shell/worker_threads.h"
#include "wire/resources.h"

namespace shoal::shell {

class StoreClient;

/// What the stations of one process share.
struct Surroundings {
  explicit Surroundings(wire::Resources all, net::Transcode transcode = nullptr)
      : total(std::move(all)), network(transcode) {}
  const wire::Resources total;  ///< Of the node.
  Switch network;
  Pump pump{};
  std::shared_ptr<WorkerThreads> threads = process_worker_threads();
  Gate jobs{};  ///< Threads of the pool that are at a station, and others that must not see it end.
  std::unique_ptr<Reader> reader{};  ///< Where there are other processes to hear from.
  StoreClient* store = nullptr;      ///< Where the machine has one; of the owner that lives here.

  /// Until it is set; false where the deadline came first. Reads meanwhile, where there is something to read.
  bool wait(Event& event, const Deadline& deadline) {
    return reader != nullptr ? reader->wait(event, deadline) : event.wait(deadline);
  }
};

/// A station whose core has rules about time: the pump calls it when it asked to be called.
class TimedStation : public Station, protected Timed {
 protected:
  TimedStation(Surroundings& around, ProcessId self) : Station(around.network, self), around_(around) {}

  /// From now on messages reach it, and the pump: the last act of a constructor.
  void join() {
    around_.network.add(*this);
    around_.pump.add(*this);
  }
  /// Neither does any more.
  void part() {
    around_.network.remove(*this);
    around_.pump.remove(*this);
  }
  void call_at(Time time) {
    if (time != wake_at()) around_.pump.wake_at(*this, time);
  }
  /// enter() with the time told to `core` first.
  template <class Core, class F>
  void act_on(Core& core, F&& f) {
    enter([&] {
      core.on_time(now());
      f();
    });
  }

  Surroundings& around_;
};

}  // namespace shoal::shell
