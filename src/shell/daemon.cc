#include "shell/daemon.h"

#include <shoal/base/log.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>
#include <variant>

#include "shell/limits.h"
#include "shell/link.h"
#include "shell/peer_process.h"
#include "shell/peers.h"

namespace shoal::shell {
namespace {

/// A signal that this process was sent, and that it blocks.
class SignalArrival final : public Pollable {
 public:
  SignalArrival(Reader& reader, const sigset_t& signals)
      : reader_(reader), descriptor_(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK)) {
    if (!descriptor_.is_open()) errno_status(errno, "wait for", "signals").throw_if_error();
    reader_.add(descriptor_.get(), EPOLLIN, *this);
  }
  ~SignalArrival() override { reader_.remove(descriptor_.get()); }

  Event arrived;
  int number = 0;  ///< Once it has.

 private:
  void on_events(std::uint32_t) override {
    signalfd_siginfo what{};
    if (::read(descriptor_.get(), &what, sizeof what) != sizeof what) return;
    number = static_cast<int>(what.ssi_signo);
    arrived.set();
  }

  Reader& reader_;
  const Fd descriptor_;
};

}  // namespace

/// A program that uses the cluster, until its session or its process ends.
class Daemon::Driver final : public Pollable {
 public:
  Driver(Daemon& home, ProcessId id, PeerProcess process, std::string program)
      : home_(home),
        id_(id),
        process_(std::move(process)),
        program_(std::move(program)),
        joined_at_(nanoseconds_since_1970()),
        link_(
            home.around_, {.here = home.transit_->self(), .there = id, .node = home.crew_.node().self()}, nullptr,
            [](Link&, const wire::Message&) {}, [this](Link&) { home_.on_driver_gone(id_, cause()); }) {
    home.around_.network.add(link_);
  }

  /// From now on it is heard, and so is its end.
  void begin(std::vector<net::Frame> early, std::unique_ptr<net::SocketChannel> channel) {
    link_.take(std::move(early));
    link_.attach(std::move(channel));
    home_.around_.reader->add(process_.process.get(), EPOLLIN, *this);
  }
  /// What it said before comes first. Once.
  void end() {
    home_.around_.reader->remove(process_.process.get());
    link_.drain();
    home_.around_.network.remove(id_);
    process_.process.reset();
  }
  wire::DriverInfo describe() const {
    return {.process = id_, .pid = process_.pid, .program = program_, .joined_at = joined_at_};
  }

 private:
  // A child of it may still have its end of the connection.
  void on_events(std::uint32_t) override { home_.on_driver_gone(id_, cause()); }
  std::string cause() const {
    return "process " + std::to_string(process_.pid) + " (" + program_ + ") " +
           (process_.has_ended() ? "ended" : "left the cluster");
  }

  Daemon& home_;
  const ProcessId id_;
  PeerProcess process_;
  const std::string program_;
  const std::int64_t joined_at_;
  Link link_;
};

Daemon::Daemon(const Options& options, const ClusterFolder& folder)
    : around_(options.total),
      crew_(around_, control_, {.labels = options.labels, .host = options.host, .store = options.store}),
      transit_(std::make_unique<TransitStation>(around_, crew_.node().name_process(), crew_.node().self())),
      host_(options.host),
      started_at_(nanoseconds_since_1970()) {
  around_.reader = std::make_unique<Reader>();
  crew_.set_host(transit_->self());
  folder.write_token(crew_.token()).throw_if_error();
  {
    const Lock lock(mutex_);
    listener_ = net::Listener::open(folder.socket(), crew_.token(), identity()).value_or_throw();
    around_.pump.add(*this);
    around_.reader->add(listener_->descriptor(), EPOLLIN, *this);
  }
}

Daemon::~Daemon() {
  std::unique_ptr<net::Listener> listener;
  std::vector<ProcessId> drivers;
  {
    const Lock lock(mutex_);
    listener = std::move(listener_);
    for (const auto& [id, driver] : drivers_) drivers.push_back(id);
  }
  around_.reader->remove(listener->descriptor());
  around_.pump.remove(*this);
  const wire::ProcessDied ends{crew_.node().self(), "it was stopped"};
  for (const ProcessId driver : drivers) crew_.tell(driver, ends);
  crew_.end();
  crew_.store().stop();
  // With the threads gone that read and tell the time, nothing looks at the links any more.
  around_.reader->stop();
  around_.pump.stop();
  const Lock lock(mutex_);
  drivers_.clear();
  visitors_.clear();
  buried_.clear();
}

std::string Daemon::wait_for_stop() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int each : {SIGTERM, SIGINT}) sigaddset(&signals, each);
  SignalArrival arrival(*around_.reader, signals);
  around_.wait(arrival.arrived, {});
  const char* const name = ::sigabbrev_np(arrival.number);
  return name == nullptr ? std::to_string(arrival.number) : std::string("SIG") + name;
}

net::Identity Daemon::identity() {
  return {.process = crew_.node().self(), .roles = net::Role::node | net::Role::control, .program = this_build()};
}

// --- Who comes.

void Daemon::on_events(std::uint32_t) {
  net::Listener::Arrived arrived;
  {
    const Lock lock(mutex_);
    if (listener_ == nullptr) return;
    listener_->on_ready(now(), arrived);
    for (auto& channel : arrived.channels) {
      if (visitors_.size() >= k_visitors_max) {
        arrived.refused.emplace_back(ErrorCode::throttled, "too many processes call and do not say what they want");
        continue;
      }
      visitors_.push_back(std::make_unique<Visitor>(*around_.reader, std::move(channel), now() + k_visit_ns,
                                                    [this](Visitor& visitor) { on_visitor(visitor); }));
    }
    set_alarm();
  }
  for (const Status& refused : arrived.refused) {
    log::warn("{}", refused.text());
    crew_.note_failure("refused: " + refused.text());
  }
}

/// When on_time() has something to do.
void Daemon::set_alarm() {
  Time next = listener_ == nullptr ? k_never : listener_->next_time().value_or(k_never);
  for (const auto& visitor : visitors_) next = std::min(next, visitor->until());
  if (!buried_.empty()) next = std::min(next, buried_.front().first + k_buried_ns);
  around_.pump.wake_at(*this, next);
}

void Daemon::on_time() {
  std::vector<std::unique_ptr<Visitor>> late;
  {
    const Lock lock(mutex_);
    const Time time = now();
    const auto first = std::partition(visitors_.begin(), visitors_.end(),
                                      [&](const auto& each) { return each->until() > time; });
    std::move(first, visitors_.end(), std::back_inserter(late));
    visitors_.erase(first, visitors_.end());
    while (!buried_.empty() && buried_.front().first + k_buried_ns <= time) buried_.pop_front();
  }
  late.clear();  // not under the lock, which the thread that reads may want
  on_events(0);
}

std::unique_ptr<Visitor> Daemon::take(const Visitor& visitor) {
  const auto found = std::find_if(visitors_.begin(), visitors_.end(),
                                  [&](const auto& each) { return each.get() == &visitor; });
  if (found == visitors_.end()) return nullptr;
  std::unique_ptr<Visitor> taken = std::move(*found);
  visitors_.erase(found);
  return taken;
}

void Daemon::bury(std::unique_ptr<Pollable> gone) {
  buried_.emplace_back(now(), std::move(gone));
  set_alarm();
}

void Daemon::on_visitor(Visitor& visitor) {
  bool is_done = visitor.is_gone();
  if (!visitor.frames().empty() && !is_done) {
    const wire::Message first = std::move(visitor.frames().front().message);
    visitor.frames().erase(visitor.frames().begin());
    if (const auto* const looks = std::get_if<wire::AskStatus>(&first)) {
      visitor.answer(status(*looks));
    } else if (const auto* const asks = std::get_if<wire::Join>(&first)) {
      const Status joined = join(visitor, *asks);
      if (!joined.ok()) visitor.answer(wire::ProcessDied{crew_.node().self(), joined.text()});
      is_done = joined.ok();
    } else {
      is_done = true;  // nobody in particular, who may say other things to a member only
    }
  }
  if (!is_done) return;
  const Lock lock(mutex_);
  if (auto gone = take(visitor)) bury(std::move(gone));
}

/// It becomes a driver, whose first message it was.
Status Daemon::join(Visitor& visitor, const wire::Join& join) {
  SHOAL_ASSIGN_OR_RETURN(PeerProcess process, peer_of(visitor.descriptor()));
  SHOAL_ASSIGN_OR_RETURN(Program program, Program::of_process(process, {join.words, join.environment}));
  auto screens = std::make_unique<DriverScreens>(output_of(process, STDOUT_FILENO), output_of(process, STDERR_FILENO));
  const ProcessId id = crew_.node().name_process();
  auto made = std::make_unique<Driver>(*this, id, std::move(process), program.name());
  Driver& driver = *made;
  {
    const Lock lock(mutex_);
    drivers_.emplace(id, std::move(made));
  }
  crew_.tell(id, crew_.welcome(id));  // before anything else
  crew_.add_driver(id, std::move(program), std::move(screens));
  driver.begin(std::move(visitor.frames()), visitor.take_channel());
  return {};
}

void Daemon::on_driver_gone(ProcessId process, const std::string& cause) {
  std::unique_ptr<Driver> driver;
  {
    const Lock lock(mutex_);
    const auto found = drivers_.find(process);
    if (found == drivers_.end()) return;
    driver = std::move(found->second);
    drivers_.erase(found);
  }
  driver->end();
  crew_.on_driver_died(process, cause);
  const Lock lock(mutex_);
  bury(std::move(driver));
}

wire::StatusIs Daemon::status(const wire::AskStatus& asked) {
  wire::StatusIs status;
  status.host = host_;
  status.pid = ::getpid();
  status.started_at = started_at_;
  crew_.describe(status);
  crew_.store().describe(status, std::min(asked.objects_max, k_shown_objects_max));
  const Lock lock(mutex_);
  for (const auto& [id, driver] : drivers_) status.drivers.push_back(driver->describe());
  return status;
}

}  // namespace shoal::shell
