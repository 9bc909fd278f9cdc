#include "shell/local_tasks.h"

#include <shoal/base/error.h>

#include <cstring>
#include <unordered_map>
#include <utility>
#include <vector>

namespace shoal::shell {
namespace {

/// All of this process by number: what travels as the arguments of a local task is a name, not an address.
struct All {
  Mutex mutex;
  std::unordered_map<std::uint64_t, std::weak_ptr<LocalTasks>> known GUARDED_BY(mutex);
  std::uint64_t last_number GUARDED_BY(mutex) = 0;
};
All& all() {
  static All tasks;
  return tasks;
}

std::uint64_t next_number() {
  const Lock lock(all().mutex);
  return ++all().last_number;
}

std::shared_ptr<LocalTasks> find(std::uint64_t number) {
  const Lock lock(all().mutex);
  const auto found = all().known.find(number);
  return found == all().known.end() ? nullptr : found->second.lock();
}

/// Calls a function on a thread of the pool.
void post(std::function<void()> function) {
  process_worker_threads()->post(std::make_shared<FunctionJob>(std::move(function)));
}

}  // namespace

/// What the arguments of a local task are.
struct LocalTasks::Name {
  std::uint64_t tasks = 0;
  std::uint64_t ticket = 0;
};

/// One task until its end. It watches the task's result, which nobody else has, and stops before the task gives it: so that
/// it is told of it means that the task was cancelled.
class LocalTasks::Ticket final : public owner::Waiter {
 public:
  Ticket(std::weak_ptr<LocalTasks> of, std::shared_ptr<Job> its_job) : job(std::move(its_job)), of_(std::move(of)) {}

  void on_ready(owner::Object&) override {
    if (const auto of = of_.lock()) of->on_cancelled();
  }
  void on_claimable(owner::Object&) override {}

  const std::shared_ptr<Job> job;
  detail::Handle result;      // set before the task can begin
  bool is_submitted = false;  // guarded by the mutex of the tasks

 private:
  const std::weak_ptr<LocalTasks> of_;
};

LocalTasks::LocalTasks(OwnerStation& home, std::optional<owner::RunKey> parent,
                       std::function<void(const Status&)> on_end)
    : home_(home),
      parent_(parent),
      on_end_(std::move(on_end)),
      number_(next_number()),
      keeps_home_(home, home.put(Payload())) {}

std::shared_ptr<LocalTasks> LocalTasks::make(OwnerStation& home, std::optional<owner::RunKey> parent,
                                             std::function<void(const Status&)> on_end) {
  const std::shared_ptr<LocalTasks> made(new LocalTasks(home, parent, std::move(on_end)));
  {
    const Lock lock(all().mutex);
    all().known.emplace(made->number_, made);
  }
  if (!home.add_listener(made)) made->on_stop();
  return made;
}

LocalTasks::~LocalTasks() {
  const Lock lock(all().mutex);
  all().known.erase(number_);
}

void LocalTasks::submit(const std::shared_ptr<const wire::TaskTemplate>& what, std::shared_ptr<Job> job) {
  const auto ticket = std::make_shared<Ticket>(weak_from_this(), std::move(job));
  Name name{.tasks = number_};
  {
    const Lock lock(mutex_);
    if (ended_) return;
    home_.jobs().enter();
    name.ticket = ++last_ticket_;
    waiting_.emplace(name.ticket, ticket);
  }
  Payload arguments(sizeof name);
  std::memcpy(arguments.data(), &name, sizeof name);
  home_.submit_watched({.what = what, .arguments = std::move(arguments)}, parent_, *ticket, ticket->result);
  bool came_too_late = false;
  {
    const Lock lock(mutex_);
    ticket->is_submitted = true;
    came_too_late = ended_ && waiting_.erase(name.ticket) > 0;
  }
  Gate& jobs = home_.jobs();
  if (came_too_late) take_back(*ticket);
  jobs.leave();
}

LocalTasks::TicketPtr LocalTasks::begin(std::uint64_t number) {
  const Lock lock(mutex_);
  if (ended_) return nullptr;
  const auto found = waiting_.extract(number);
  return found.empty() ? nullptr : std::move(found.mapped());
}

void LocalTasks::run(const Payload& arguments) {
  Name name;
  if (arguments.size() != sizeof name) {
    throw CorruptData(ErrorCode::corrupt_data, "the arguments of a local task are no name of one");
  }
  std::memcpy(&name, arguments.data(), sizeof name);
  const std::shared_ptr<LocalTasks> tasks = find(name.tasks);
  const TicketPtr ticket = tasks == nullptr ? nullptr : tasks->begin(name.ticket);
  if (ticket == nullptr) return;  // it was taken back
  ticket->job->run();
  tasks->home_.unwatch(*ticket->result.object(), *ticket);
}

/// It will not begin: begin() does not find it any more.
void LocalTasks::take_back(Ticket& ticket) {
  home_.unwatch(*ticket.result.object(), ticket);
  home_.cancel(*ticket.result.object(), false);
}

void LocalTasks::end(const char* why) {
  std::vector<TicketPtr> taken;
  detail::Handle keeps_home;
  {
    const Lock lock(mutex_);
    if (std::exchange(ended_, true)) return;
    home_.jobs().enter();
    keeps_home = std::move(keeps_home_);
    // One that is being submitted at this moment is taken back by whoever does that.
    std::erase_if(waiting_, [&](auto& each) {
      const bool is_submitted = each.second->is_submitted;
      if (is_submitted) taken.push_back(std::move(each.second));
      return is_submitted;
    });
  }
  Gate& jobs = home_.jobs();
  for (const TicketPtr& ticket : taken) take_back(*ticket);
  taken.clear();
  home_.remove_listener(*this);
  keeps_home = detail::Handle();
  jobs.leave();
  if (why == nullptr) return;
  post([self = shared_from_this(), status = Status(ErrorCode::cancelled, why)] { self->on_end_(status); });
}

void LocalTasks::on_stop() {
  end("the session, or the worker or actor, in which this ran was ended; let it live until what runs in it is over");
}

/// Under the station's lock.
void LocalTasks::on_cancelled() {
  post([self = shared_from_this()] { self->end("the task in which this ran, or to which it belongs, was cancelled"); });
}

}  // namespace shoal::shell
