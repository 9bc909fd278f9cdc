#include "shell/private_node.h"

#include <fcntl.h>
#include <shoal/base/log.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <utility>
#include <variant>

#include "shell/cause_of_end.h"
#include "shell/limits.h"
#include "shell/memory/memory_use.h"
#include "shell/output/worker_streams.h"
#include "shell/worker_page.h"

namespace shoal::shell {
namespace {

/// The first thing that a worker reads, before anything is a message.
bool hand_over(const net::Token& token, int channel) {
  const Secret digits = token.to_hex();
  const std::string_view text = digits.reveal();
  return ::send(channel, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

}  // namespace

/// A worker process, from its start until its end is known.
class PrivateNode::Worker final : public Pollable {
 public:
  struct Parts {
    Child child;
    WorkerPage page;
    Fd out, err;  // what it writes
  };
  Worker(PrivateNode& home, ProcessId id, Parts parts, std::unique_ptr<net::SocketChannel> channel)
      : home_(home),
        id_(id),
        child_(std::move(parts.child)),
        page_(std::move(parts.page)),
        streams_(*home.around_.reader, home.printer_, child_.pid, home.meeting_, std::move(parts.out),
                 std::move(parts.err)),
        link_(
            home.around_, {.here = home.driver_->self(), .there = id, .node = home.node_.self()}, std::move(channel),
            [this](Link&, const wire::Message& message) { home_.on_word(id_, message); }, [](Link&) {}) {
    home.around_.network.add(link_);
  }

  /// From now on its end is heard of.
  void watch() {
    streams_.watch();
    home_.around_.reader->add(child_.process.get(), EPOLLIN, *this);
  }

  pid_t pid() const { return child_.pid; }
  const WorkerPage& page() const { return page_; }
  /// Ends it for that reason. Under the node's lock.
  void end_for(MemoryPolicy::Verdict reason) {
    reason_ = std::move(reason);
    kill();
  }
  void kill() {
    was_killed_.store(true);
    ::syscall(SYS_pidfd_send_signal, child_.process.get(), SIGKILL, nullptr, 0);
  }

 private:
  // It has ended: what it said before comes first.
  void on_events(std::uint32_t) override {
    home_.around_.reader->remove(child_.process.get());
    link_.drain();
    streams_.end();
    int signal = 0;
    const std::string end = wait_for_end(child_, &signal);
    if (const auto reason = home_.take_reason(*this)) return home_.on_exit(id_, reason->text, reason->code);
    const bool is_unexpected = signal != 0 && !was_killed_.load();
    const bool may_lack_memory = signal == SIGKILL && is_unexpected && ended_by_system() > ended_by_system_;
    const std::string cause = cause_of_end(
        {child_.pid, end, page_.read().task, may_lack_memory, streams_.last_words()});
    if (is_unexpected) log::warn("a worker is gone, {}", cause);
    home_.on_exit(id_, cause, ErrorCode::worker_died);
  }

  friend class PrivateNode;

  PrivateNode& home_;
  const ProcessId id_;
  const std::int64_t ended_by_system_ = ended_by_system();
  const Child child_;
  const WorkerPage page_;
  WorkerStreams streams_;
  Link link_;
  std::atomic<bool> was_killed_{false};          // by this process
  std::optional<MemoryPolicy::Verdict> reason_;  // guarded by the node's lock
};

PrivateNode::PrivateNode(const Options& options)
    : program_(Program::of_this_process().value_or_throw()),
      printer_({.showing = options.output, .folder = options.log_folder, .program = program_invocation_short_name}),
      around_(options.total),
      memory_(around_.pump, options.memory_reserve, [this](const MemoryPolicy::Verdict& verdict) { end(verdict); }),
      node_(around_, only_node(options.host, options.total, options.labels),
            [this](const node::Action& action) { carry_out(action); }),
      store_(around_, node_.name_process(), options.store) {
  node_.pass_on_to(store_.self());
  around_.threads->begin_use().throw_if_error();
  around_.reader = std::make_unique<Reader>();
  driver_ = new OwnerStation(around_,
                             {.self = node_.name_process(), .node = node_.self(), .claims = false, .has_store = true},
                             [](OwnerStation&) {});
  store_.attach(driver_->self());
  around_.pump.add(*this);
}

PrivateNode::~PrivateNode() {
  {
    const Lock lock(mutex_);
    closing_ = true;
  }
  driver_->stop();
  for (const ProcessId worker : living()) tell(worker, wire::Stop{});
  wait_for_workers();
  driver_->keep_values();
  around_.pump.remove(*this);
  wait_for_workers();  // those that were being started meanwhile
  around_.jobs.wait();
  store_.stop();
  around_.pump.stop();
  driver_->bury();
  around_.store = nullptr;
  control_.on_process_died(driver_->self(), "the session ended");
  node_.on_process_died(driver_->self(), "the session ended");
  around_.reader.reset();
  {
    const Lock lock(mutex_);
    buried_.clear();
  }
  around_.threads->end_use();
  driver_->release();
}

std::vector<ProcessId> PrivateNode::living() const {
  std::vector<ProcessId> all;
  const Lock lock(mutex_);
  for (const auto& [id, worker] : workers_) all.push_back(id);
  return all;
}

void PrivateNode::tell(ProcessId worker, wire::Message message) {
  around_.network.send(node_.self(), worker, std::move(message));
  around_.network.serve_posted();
}

void PrivateNode::carry_out(const node::Action& action) {
  if (const auto* const starts = std::get_if<node::StartWorker>(&action)) {
    const Lock lock(mutex_);
    if (closing_) return;
    to_start_.push_back(starts->worker);
    around_.pump.wake_at(*this, now());
  } else if (const auto* const stops = std::get_if<node::StopWorker>(&action)) {
    tell(stops->worker, wire::Stop{});
    const Lock lock(mutex_);
    if (workers_.count(stops->worker) == 0) return;
    to_kill_.emplace_back(now() + k_stop_ns, stops->worker);
    if (to_kill_.size() == 1) around_.pump.wake_at(*this, to_kill_.front().first);
  } else if (const auto* const limits = std::get_if<node::LimitMemory>(&action)) {
    memory_.limit(limits->worker, limits->bytes);
  } else {
    tell(std::get<node::RetireWorker>(action).worker, wire::Retire{});
  }
}

/// On the pump's thread, which lives as long as this does: processes are killed when the thread that made them ends.
void PrivateNode::on_time() {
  std::vector<ProcessId> ids;
  {
    const Lock lock(mutex_);
    for (; !to_kill_.empty() && to_kill_.front().first <= now(); to_kill_.pop_front()) {
      const auto worker = workers_.find(to_kill_.front().second);
      if (worker != workers_.end()) worker->second->kill();
    }
    if (!to_kill_.empty()) around_.pump.wake_at(*this, to_kill_.front().first);
    ids.swap(to_start_);
    if (closing_) return;
  }
  for (const ProcessId id : ids) {
    std::unique_ptr<Worker> started = start(id);
    if (started == nullptr) continue;
    Worker& worker = *started;
    bool is_late = false;
    {
      const Lock lock(mutex_);
      workers_.emplace(id, std::move(started));
      is_late = closing_;
    }
    memory_.add(id, worker.pid(), worker.page());
    tell(id,
         wire::Welcome{
             .self = id, .node = node_.self(), .host = driver_->self(), .total = around_.total, .meeting = meeting_});
    store_.attach(id);
    if (is_late) tell(id, wire::Stop{});
    worker.watch();
  }
}

std::unique_ptr<PrivateNode::Worker> PrivateNode::start(ProcessId id) {
  int channels[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channels) != 0) {
    return cannot_start(id, errno_status(errno, "make a channel to", "a worker process"));
  }
  Fd here(channels[0]), there(channels[1]);
  Result<OutputPipes> pipes = OutputPipes::make();
  if (!pipes.ok()) return cannot_start(id, pipes.status());
  Result<Fd> memory = WorkerPage::make();
  if (!memory.ok()) return cannot_start(id, memory.status());
  Result<WorkerPage> page = WorkerPage::map(memory->get());
  if (!page.ok()) return cannot_start(id, page.status());
  if (!hand_over(token_, here.get())) {
    return cannot_start(id, errno_status(errno, "write to", "the channel to a worker process"));
  }
  Result<Child> child = program_.start_worker(
      {std::move(there), std::move(*memory), std::move(pipes->out), std::move(pipes->err)});
  if (!child.ok()) return cannot_start(id, child.status());
  const net::Identity worker{.process = id, .roles = net::Role::worker, .program = this_build()};
  auto channel = std::make_unique<net::SocketChannel>(std::move(here), 1,
                                                      net::Role::client | net::Role::node | net::Role::control, worker);
  Worker::Parts parts{std::move(*child), std::move(*page), std::move(pipes->read_out), std::move(pipes->read_err)};
  return std::make_unique<Worker>(*this, id, std::move(parts), std::move(channel));
}

std::unique_ptr<PrivateNode::Worker> PrivateNode::cannot_start(ProcessId id, const Status& status) {
  log::error("{}", status.text());
  announce(id, status.text());
  return nullptr;
}

/// For its memory.
void PrivateNode::end(const MemoryPolicy::Verdict& verdict) {
  const Lock lock(mutex_);
  const auto worker = workers_.find(verdict.worker);
  if (worker == workers_.end()) return;
  if (verdict.code != ErrorCode::out_of_memory) log::warn("{}", verdict.text);
  worker->second->end_for(verdict);
}

std::optional<MemoryPolicy::Verdict> PrivateNode::take_reason(Worker& worker) {
  const Lock lock(mutex_);
  return std::move(worker.reason_);
}

/// What a worker says of its life.
void PrivateNode::on_word(ProcessId worker, const wire::Message& message) {
  if (std::holds_alternative<wire::WorkerIsUp>(message)) {
    node_.on_worker_started(worker);
  } else if (std::holds_alternative<wire::WorkerStays>(message)) {
    node_.on_worker_stays(worker);
  }
}

void PrivateNode::on_exit(ProcessId worker, const std::string& cause, ErrorCode code) {
  memory_.remove(worker);
  around_.network.remove(worker);
  announce(worker, cause, code);
  const Lock lock(mutex_);
  const auto gone = workers_.find(worker);
  if (gone == workers_.end()) return;
  buried_.push_back(std::move(gone->second));
  workers_.erase(gone);
  someone_left_.notify_all();
}

void PrivateNode::announce(ProcessId dead, const std::string& cause, ErrorCode code) {
  control_.on_process_died(dead, cause);
  node_.on_process_died(dead, cause, code);
  store_.on_process_died(dead);
  driver_->on_process_died(dead, cause, code);
  for (const ProcessId other : living()) {
    if (other != dead) tell(other, wire::ProcessDied{dead, cause, code});
  }
}

void PrivateNode::wait_for_workers() {
  const auto patience = std::chrono::steady_clock::now() + std::chrono::nanoseconds(k_patience_ns);
  Lock lock(mutex_);
  while (!workers_.empty() && someone_left_.wait_until(lock, patience)) {}
  for (const auto& [id, worker] : workers_) {
    log::warn("the session ends; worker process {} still runs something, and is killed", worker->pid());
    worker->kill();
  }
  while (!workers_.empty()) someone_left_.wait(lock);
}

}  // namespace shoal::shell
