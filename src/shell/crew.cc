#include "shell/crew.h"

#include <shoal/base/log.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <set>
#include <utility>
#include <variant>

#include "node/why.h"
#include "shell/cause_of_end.h"
#include "shell/limits.h"
#include "shell/link.h"
#include "shell/memory/memory_use.h"
#include "shell/output/worker_streams.h"
#include "shell/peers.h"
#include "shell/worker_page.h"

namespace shoal::shell {
namespace {

struct ScreensAndPrinter {
  ScreensAndPrinter(std::unique_ptr<DriverScreens> driver, std::string program)
      : screens(std::move(driver)),
        printer({.program = std::move(program), .out = &screens->out, .err = &screens->err}) {}
  const std::unique_ptr<DriverScreens> screens;
  Printer printer;
};

/// The first thing that a worker reads, before anything is a message.
bool hand_over(const net::Token& token, int channel) {
  const Secret digits = token.to_hex();
  const std::string_view text = digits.reveal();
  return ::send(channel, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

}  // namespace

std::int64_t nanoseconds_since_1970() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// A worker process, from its start until its end is known.
class Crew::Worker final : public Pollable {
 public:
  struct Parts {
    Child child;
    WorkerPage page;
    Fd out, err;  // what it writes
    std::shared_ptr<Printer> printer;
  };
  Worker(Crew& home, const node::StartWorker& what, Parts parts, std::unique_ptr<net::SocketChannel> channel)
      : home_(home),
        id_(what.worker),
        job_(what.job),
        child_(std::move(parts.child)),
        group_(home.groups_, child_.pid),
        page_(std::move(parts.page)),
        printer_(std::move(parts.printer)),
        streams_(*home.around_.reader, *printer_, child_.pid, home.meeting_, std::move(parts.out),
                 std::move(parts.err)),
        link_(
            home.around_, {.here = home.host_, .there = id_, .node = home.node_.self()}, std::move(channel),
            [this](Link&, const wire::Message& message) { home_.on_word(id_, message); }, [](Link&) {}) {
    home.around_.network.add(link_);
  }

  /// From now on its end is heard of.
  void watch() {
    streams_.watch();
    home_.around_.reader->add(child_.process.get(), EPOLLIN, *this);
  }

  ProcessId job() const { return job_; }
  pid_t pid() const { return child_.pid; }
  const WorkerPage& page() const { return page_; }
  /// Of what runs there from now on; 0 = none.
  void limit(std::int64_t bytes) { group_.limit(bytes); }
  void kill() {
    was_killed_.store(true);
    ::syscall(SYS_pidfd_send_signal, child_.process.get(), SIGKILL, nullptr, 0);
  }

  /// It has ended. It is kept for a while, and its descriptor is not: many workers may end in that time.
  void bury() { child_.process.reset(); }

  // Under the crew's lock.
  bool is_told_to_end = false;
  std::optional<MemoryPolicy::Verdict> reason;  ///< Why the crew killed it.

 private:
  // It has ended: what it said before comes first.
  void on_events(std::uint32_t) override {
    home_.around_.reader->remove(child_.process.get());
    link_.drain();
    streams_.end();
    int signal = 0;
    const auto reached = group_.close();
    const std::string end = wait_for_end(child_, &signal);
    group_.remove();
    if (const auto why = home_.take_reason(*this)) return home_.on_exit(id_, why->text, why->code);
    const bool is_unexpected = signal != 0 && !was_killed_.load();
    if (reached && signal == SIGKILL && is_unexpected) {
      const std::string text = text_of_limit(child_.pid, reached->peak, reached->limit, "held by its control group");
      return home_.on_exit(id_, text, ErrorCode::out_of_memory);
    }
    const bool may_lack_memory = signal == SIGKILL && is_unexpected && ended_by_system() > ended_by_system_;
    const std::string cause = cause_of_end(
        {child_.pid, end, page_.read().task, may_lack_memory, streams_.last_words()});
    if (is_unexpected) log::warn("a worker is gone, {}", cause);
    home_.on_exit(id_, cause, ErrorCode::worker_died);
  }

  Crew& home_;
  const ProcessId id_, job_;
  const std::int64_t ended_by_system_ = ended_by_system();
  Child child_;
  MemoryGroup group_;
  const WorkerPage page_;
  const std::shared_ptr<Printer> printer_;
  WorkerStreams streams_;
  Link link_;
  std::atomic<bool> was_killed_{false};  // by this process
};

Crew::Crew(Surroundings& around, ControlStation& control, const Options& options)
    : around_(around),
      control_(control),
      meeting_(make_meeting()),
      memory_(around_.pump, options.memory_reserve, [this](const MemoryPolicy::Verdict& verdict) { end(verdict); }),
      node_(around, only_node(options.host, around.total, options.labels),
            [this](const node::Action& action) { carry_out(action); }),
      store_(around, node_.name_process(), options.store) {
  node_.pass_on_to(store_.self());
  around_.pump.add(*this);
}

Crew::~Crew() { around_.pump.remove(*this); }

wire::Welcome Crew::welcome(ProcessId process) const {
  return {.self = process, .node = node_.self(), .host = host_, .total = around_.total, .meeting = meeting_};
}

// --- Drivers.

void Crew::set_host(ProcessId host) {
  host_ = host;
  store_.attach(host);
}

void Crew::add_driver(OwnerStation& driver, Program program, Printer::Options output) {
  driver_ = &driver;
  set_host(driver.self());
  const Lock lock(mutex_);
  jobs_[driver.self()] = {.program = std::make_shared<const Program>(std::move(program)),
                          .screens = nullptr,
                          .printer = std::make_shared<Printer>(std::move(output))};
}

void Crew::add_driver(ProcessId driver, Program program, std::unique_ptr<DriverScreens> screens) {
  const auto output = std::make_shared<ScreensAndPrinter>(std::move(screens), program.name());
  store_.attach(driver);
  const Lock lock(mutex_);
  jobs_[driver] = {.program = std::make_shared<const Program>(std::move(program)),
                   .screens = {output, output->screens.get()},
                   .printer = {output, &output->printer},
                   .is_elsewhere = true};
}

void Crew::on_driver_died(ProcessId driver, const std::string& cause) {
  {
    const Lock lock(mutex_);
    const auto job = jobs_.find(driver);
    if (job != jobs_.end()) {
      job->second.has_ended = true;
      close_screens(job->second.screens, now() + k_patience_ns);
    }
  }
  announce(driver, cause);
  forget_ended_jobs();
}

/// Their actors may outlive them, and be started again: a program is kept while a worker of it lives.
void Crew::forget_ended_jobs() {
  const Lock lock(mutex_);
  std::set<ProcessId> used;
  for (const auto& [id, worker] : workers_) used.insert(worker->job());
  for (const node::StartWorker& each : to_start_) used.insert(each.job);
  for (auto at = jobs_.begin(); at != jobs_.end();) {
    const auto job = at++;
    if (!job->second.has_ended || used.count(job->first) > 0) continue;
    close_screens(job->second.screens, now() + k_last_lines_ns);
    jobs_.erase(job);
  }
}

/// What its workers wrote is on its way to them still.
void Crew::close_screens(std::shared_ptr<DriverScreens> screens, Time at) {
  if (screens == nullptr) return;
  screens_to_close_.emplace_back(at, std::move(screens));
  wake_by(at);
}

// --- What the node wants done.

void Crew::tell(ProcessId process, wire::Message message) {
  around_.network.send(node_.self(), process, std::move(message));
  around_.network.serve_posted();
}

void Crew::carry_out(const node::Action& action) {
  if (const auto* const starts = std::get_if<node::StartWorker>(&action)) {
    const Lock lock(mutex_);
    if (closing_) return;
    to_start_.push_back(*starts);
    return wake_by(now());
  }
  if (const auto* const limits = std::get_if<node::LimitMemory>(&action)) return limit(*limits);
  const auto* const stops = std::get_if<node::StopWorker>(&action);
  const ProcessId worker = stops != nullptr ? stops->worker : std::get<node::RetireWorker>(action).worker;
  if (stops != nullptr) {
    tell(worker, wire::Stop{});
  } else {
    tell(worker, wire::Retire{});
  }
  bool was_started = true;
  {
    const Lock lock(mutex_);
    const auto told = workers_.find(worker);
    if (told != workers_.end()) told->second->is_told_to_end = true;
    was_started = std::erase_if(to_start_, [&](const auto& each) { return each.worker == worker; }) == 0;
    if (stops != nullptr && was_started) {
      to_kill_.emplace_back(now() + k_stop_ns, worker);
      wake_by(to_kill_.front().first);
    }
  }
  if (!was_started) announce(worker, "it was not wanted any more when it was to be started");
}

void Crew::limit(const node::LimitMemory& what) {
  memory_.limit(what.worker, what.bytes);
  Worker* worker = nullptr;
  {
    const Lock lock(mutex_);
    const auto found = workers_.find(what.worker);
    if (found != workers_.end()) worker = found->second.get();
  }
  if (worker != nullptr) worker->limit(what.bytes);  // should it end meanwhile, it is kept for a while
}

/// on_time() looks at everything there is to do, so the earliest time is enough.
void Crew::wake_by(Time at) {
  if (at < wake_at()) around_.pump.wake_at(*this, at);
}

/// On the pump's thread, which lives as long as this does: processes are killed when the thread that made them ends.
void Crew::on_time() {
  std::vector<node::StartWorker> starts;
  {
    const Lock lock(mutex_);
    const Time time = now();
    for (; !to_kill_.empty() && to_kill_.front().first <= time; to_kill_.pop_front()) {
      const auto worker = workers_.find(to_kill_.front().second);
      if (worker != workers_.end()) worker->second->kill();
    }
    forget_buried(time);
    std::erase_if(screens_to_close_, [time](const auto& each) {
      if (each.first <= time) each.second->close();
      return each.first <= time;
    });
    for (const auto& [at, screens] : screens_to_close_) wake_by(at);
    if (!buried_.empty()) wake_by(buried_.front().first + k_buried_ns);
    if (!to_kill_.empty()) wake_by(to_kill_.front().first);
    starts.swap(to_start_);
    if (closing_) return;
  }
  for (const node::StartWorker& each : starts) start(each);
}

/// A thread that found a station before it was taken from the network has let go of it long before.
void Crew::forget_buried(Time now) {
  while (!buried_.empty() && buried_.front().first + k_buried_ns <= now) buried_.pop_front();
}

// --- Workers.

void Crew::start(const node::StartWorker& what) {
  Result<std::unique_ptr<Worker>> started = make(what);
  if (!started.ok()) {
    log::error("{}", started.status().text());
    note_failure(started.status().text());
    return announce(what.worker, started.status().text());
  }
  Worker& worker = **started;
  bool is_late = false;
  {
    const Lock lock(mutex_);
    workers_.emplace(what.worker, std::move(*started));
    is_late = closing_ || std::any_of(to_kill_.begin(), to_kill_.end(),
                                      [&](const auto& each) { return each.second == what.worker; });
    worker.is_told_to_end = is_late;
  }
  memory_.add(what.worker, worker.pid(), worker.page());
  tell(what.worker, welcome(what.worker));
  store_.attach(what.worker);
  if (is_late) tell(what.worker, wire::Stop{});
  worker.watch();
}

Result<std::unique_ptr<Crew::Worker>> Crew::make(const node::StartWorker& what) {
  Job job;
  {
    const Lock lock(mutex_);
    const auto found = jobs_.find(what.job);
    if (found != jobs_.end()) job = found->second;
  }
  if (job.program == nullptr) {
    return Status(ErrorCode::unavailable, "cannot start a worker of driver " + to_string(what.job) +
                                              ": it has ended, and all its workers have");
  }
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return errno_status(errno, "make a channel to", "a worker process");
  }
  Fd here(ends[0]), there(ends[1]);
  if (!hand_over(token_, here.get())) return errno_status(errno, "write to", "the channel to a worker process");
  SHOAL_ASSIGN_OR_RETURN(OutputPipes pipes, OutputPipes::make());
  SHOAL_ASSIGN_OR_RETURN(Fd memory, WorkerPage::make());
  SHOAL_ASSIGN_OR_RETURN(WorkerPage page, WorkerPage::map(memory.get()));
  SHOAL_ASSIGN_OR_RETURN(Child child, job.program->start_worker({std::move(there), std::move(memory),
                                                                 std::move(pipes.out), std::move(pipes.err)}));
  const net::Identity worker{.process = what.worker, .roles = net::Role::worker, .program = this_build()};
  auto channel = std::make_unique<net::SocketChannel>(std::move(here), 1,
                                                      net::Role::client | net::Role::node | net::Role::control, worker);
  Worker::Parts parts{.child = std::move(child),
                      .page = std::move(page),
                      .out = std::move(pipes.read_out),
                      .err = std::move(pipes.read_err),
                      .printer = std::move(job.printer)};
  return std::make_unique<Worker>(*this, what, std::move(parts), std::move(channel));
}

/// What a worker says of its life.
void Crew::on_word(ProcessId worker, const wire::Message& message) {
  if (std::holds_alternative<wire::WorkerIsUp>(message)) {
    node_.on_worker_started(worker);
  } else if (std::holds_alternative<wire::WorkerStays>(message)) {
    {
      const Lock lock(mutex_);
      const auto found = workers_.find(worker);
      if (found != workers_.end()) found->second->is_told_to_end = false;
    }
    node_.on_worker_stays(worker);
  }
}

/// For its memory.
void Crew::end(const MemoryPolicy::Verdict& verdict) {
  const Lock lock(mutex_);
  const auto worker = workers_.find(verdict.worker);
  if (worker == workers_.end()) return;
  if (verdict.code != ErrorCode::out_of_memory) log::warn("{}", verdict.text);
  worker->second->reason = verdict;
  worker->second->kill();
}

std::optional<MemoryPolicy::Verdict> Crew::take_reason(Worker& worker) {
  const Lock lock(mutex_);
  return std::move(worker.reason);
}

void Crew::on_exit(ProcessId worker, const std::string& cause, ErrorCode code) {
  memory_.remove(worker);
  around_.network.remove(worker);
  announce(worker, cause, code);
  bool is_expected = true;
  {
    const Lock lock(mutex_);
    const auto gone = workers_.find(worker);
    if (gone == workers_.end()) return;
    is_expected = closing_ || gone->second->is_told_to_end;
    gone->second->bury();
    buried_.emplace_back(now(), std::move(gone->second));
    wake_by(buried_.front().first + k_buried_ns);
    workers_.erase(gone);
    someone_left_.notify_all();
  }
  if (!is_expected) note_failure("worker " + to_string(worker) + ", " + cause);
  forget_ended_jobs();
}

void Crew::announce(ProcessId dead, const std::string& cause, ErrorCode code) {
  control_.on_process_died(dead, cause);
  node_.on_process_died(dead, cause, code);
  store_.on_process_died(dead);
  if (driver_ != nullptr && driver_->self() != dead) driver_->on_process_died(dead, cause, code);
  for (const ProcessId other : living()) {
    if (other != dead) tell(other, wire::ProcessDied{dead, cause, code});
  }
}

/// Those in other processes.
std::vector<ProcessId> Crew::living() const {
  std::vector<ProcessId> all;
  const Lock lock(mutex_);
  for (const auto& [id, worker] : workers_) all.push_back(id);
  for (const auto& [id, job] : jobs_) {
    if (job.is_elsewhere && !job.has_ended) all.push_back(id);
  }
  return all;
}

// --- The end.

void Crew::end() {
  std::vector<ProcessId> workers;
  {
    const Lock lock(mutex_);
    closing_ = true;
    for (const auto& [id, worker] : workers_) workers.push_back(id);
  }
  for (const ProcessId worker : workers) tell(worker, wire::Stop{});
  wait_for_workers();
  around_.pump.remove(*this);
  wait_for_workers();  // those that were being started meanwhile
}

void Crew::wait_for_workers() {
  const auto patience = std::chrono::steady_clock::now() + std::chrono::nanoseconds(k_patience_ns);
  Lock lock(mutex_);
  while (!workers_.empty() && someone_left_.wait_until(lock, patience)) {}
  for (const auto& [id, worker] : workers_) {
    log::warn("worker process {} was told to end and still runs something; it is killed", worker->pid());
    worker->kill();
  }
  while (!workers_.empty()) someone_left_.wait(lock);
}

// --- For people.

void Crew::note_failure(std::string text) {
  const Lock lock(mutex_);
  failures_.push_back({nanoseconds_since_1970(), std::move(text)});
  if (failures_.size() > k_failures_max) failures_.pop_front();
}

void Crew::describe(wire::StatusIs& into) {
  node_.look([&](const node::Core& core) {
    into.total = core.leases().capacity().total();
    into.available = core.leases().capacity().available();
    into.waiting = core.why();
    for (const auto& [n, worker] : core.workers().all()) {
      into.workers.push_back(
          {.process = {core.self().node, n}, .job = worker.job, .state = node::state_of(worker, core.leases())});
    }
  });
  const Lock lock(mutex_);
  for (wire::WorkerInfo& worker : into.workers) {
    const auto known = workers_.find(worker.process);
    if (known != workers_.end()) worker.pid = known->second->pid();
  }
  into.failures.assign(failures_.begin(), failures_.end());
}

}  // namespace shoal::shell
