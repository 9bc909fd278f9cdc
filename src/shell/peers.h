#pragma once

#include <shoal/base/ids.h>

#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/thread_safety.h"
#include "net/connector.h"
#include "net/listener.h"
#include "shell/link.h"
#include "shell/timed_station.h"

namespace shoal::shell {

/// What all processes of this build have in common, and those of another have not.
const net::Program& this_build();

/// A name that nobody has and nobody guesses. Nothing of it is in the file system, so nothing is left there.
std::string make_meeting();

/// The links between this process, a worker or a driver, and others that work for its node: made when the first message goes
/// to one, or when one calls.
class Peers final : private Pollable, private Timed {
 public:
  struct Place {
    ProcessId self;
    ProcessId node;
    std::string meeting;  ///< Each owner of the node listens under this name and its number.
    net::Role role = net::Role::worker;
  };
  /// Listens from now on, and finds whom messages are for. Throws where that is not possible.
  Peers(Surroundings& around, Place place, const net::Token& token);
  ~Peers() override;
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  /// It is dead: what it had said is handed on, and nothing more comes from it.
  void on_died(ProcessId process);
  /// Listens no more.
  void close();

 private:
  class Call;
  /// One that could not be called, since too many others do or the call was not answered in time, and will be again.
  struct Again {
    ProcessId to{};
    Link* link = nullptr;
    Time at = 0;
    Time delay = 0;  // it waited
  };

  net::Identity identity() const;
  std::string path_of(ProcessId process) const;
  void on_events(std::uint32_t events) override;
  void on_time() override;
  void plan() REQUIRES(mutex_);
  Station* call(ProcessId to);
  Result<std::unique_ptr<net::Connector>> connect_to(ProcessId to) const;
  void call_later(Again again) REQUIRES(mutex_);
  void call_again();
  void on_answer(Call& call);
  Link& add_link(ProcessId there) REQUIRES(mutex_);

  Surroundings& around_;
  const Place place_;
  const net::Token token_;

  Mutex mutex_;
  std::unique_ptr<net::Listener> listener_ GUARDED_BY(mutex_);
  // To each process one that was called from here or called first, over which is spoken, and one more where both called.
  std::multimap<ProcessId, std::unique_ptr<Link>> links_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Call>> calls_ GUARDED_BY(mutex_);  // that are not answered
  std::vector<Again> again_ GUARDED_BY(mutex_);
  std::minstd_rand random_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Link>> buried_ GUARDED_BY(mutex_);  // a thread may still look at them
};

}  // namespace shoal::shell
