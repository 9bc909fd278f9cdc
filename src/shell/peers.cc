#include "shell/peers.h"

#include <fmt/format.h>
#include <shoal/base/log.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/code_address.h"
#include "base/random_bytes.h"
#include "shell/worker_process.h"

namespace shoal::shell {
namespace {

/// Between two workers there is one connection each way at most.
constexpr std::uint64_t k_epoch = 1;
/// Whoever listens empties its queue in less than this, where it is not stopped.
constexpr Time k_again_ns_min = 1'000'000;
constexpr Time k_again_ns_max = 100'000'000;

net::Program read_build() {
  const std::uint64_t module = code_address(reinterpret_cast<const void*>(&run_worker)).value_or_throw().module;
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &module, sizeof(module));
  return net::Program::of(bytes).value_or_throw();
}

}  // namespace

const net::Program& this_build() {
  static const net::Program build = read_build();
  return build;
}

std::string make_meeting() { return "@shoal-" + random_name() + random_name(); }

/// A call of another process that is not answered yet.
class Peers::Call final : public Pollable {
 public:
  Call(Peers& home, ProcessId to, Link& link, std::unique_ptr<net::Connector> connector)
      : home_(home), to_(to), link_(link), connector_(std::move(connector)), descriptor_(connector_->descriptor()) {
    home_.around_.reader->add(descriptor_, EPOLLIN | EPOLLOUT, *this);
  }
  ~Call() override {
    if (descriptor_ >= 0) home_.around_.reader->remove(descriptor_);
  }

  ProcessId to() const { return to_; }
  Link& link() const { return link_; }
  /// Once it is over. The descriptor is the channel's from then on. False where there is no channel.
  bool finish() {
    home_.around_.reader->remove(std::exchange(descriptor_, -1));
    Result<std::unique_ptr<net::SocketChannel>> channel = connector_->take();
    if (channel.ok()) {
      link_.attach(std::move(*channel));
    } else {
      log::debug("{}", channel.status().text());
    }
    return channel.ok();
  }

 private:
  void on_events(std::uint32_t) override {
    connector_->on_ready();
    if (connector_->is_over()) return home_.on_answer(*this);
    home_.around_.reader->change(descriptor_, connector_->wants_write() ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }

  Peers& home_;
  const ProcessId to_;
  Link& link_;
  const std::unique_ptr<net::Connector> connector_;
  int descriptor_;
};

Peers::Peers(Surroundings& around, Place place, const net::Token& token)
    : around_(around), place_(std::move(place)), token_(token), random_(place_.self.n) {
  listener_ = net::Listener::open(path_of(place_.self), token_, identity()).value_or_throw();
  around_.reader->add(listener_->descriptor(), EPOLLIN, *this);
  around_.pump.add(*this);
  around_.network.set_finder([this](ProcessId to) { return call(to); });
}

Peers::~Peers() { close(); }

void Peers::close() {
  std::unique_ptr<net::Listener> listener;
  {
    const Lock lock(mutex_);
    listener = std::move(listener_);
  }
  if (listener == nullptr) return;
  around_.pump.remove(*this);
  around_.reader->remove(listener->descriptor());
}

net::Identity Peers::identity() const {
  return {.process = place_.self, .roles = place_.role, .program = this_build()};
}

std::string Peers::path_of(ProcessId process) const { return fmt::format("{}-{}", place_.meeting, process.n); }

void Peers::on_time() {
  call_again();
  on_events(0);
}

/// When there is something to do that nobody else tells of.
void Peers::plan() {
  Time next = listener_->next_time().value_or(k_never);
  for (const Again& again : again_) next = std::min(next, again.at);
  around_.pump.wake_at(*this, next);
}

void Peers::on_events(std::uint32_t) {
  net::Listener::Arrived arrived;
  std::vector<Link*> links;
  {
    const Lock lock(mutex_);
    if (listener_ == nullptr) return;
    listener_->on_ready(now(), arrived);
    plan();
    for (const auto& channel : arrived.channels) links.push_back(&add_link(channel->peer().process));
  }
  // Not under the lock: what a link brings may be answered by a call.
  for (std::size_t i = 0; i < links.size(); ++i) links[i]->attach(std::move(arrived.channels[i]));
  for (const Status& refused : arrived.refused) log::warn("{}", refused.text());
}

/// What is sent to a process goes over its first link.
Link& Peers::add_link(ProcessId there) {
  const Link::Ends ends{.here = place_.self, .there = there, .node = place_.node};
  auto link = std::make_unique<Link>(around_, ends, nullptr, [](Link&, const wire::Message&) {}, [](Link&) {});
  if (links_.count(there) == 0) around_.network.add(*link);
  return *links_.emplace(there, std::move(link))->second;
}

/// Null where nobody listens: it is dead, and who needs to know is told. Under the lock of whoever has a message for it.
Station* Peers::call(ProcessId to) {
  const Lock lock(mutex_);
  if (const auto known = links_.find(to); known != links_.end()) return known->second.get();
  auto connector = connect_to(to);
  if (!connector.ok() && connector.status().code() != ErrorCode::throttled) {
    log::debug("{}", connector.status().text());
    return nullptr;
  }
  Link& link = add_link(to);
  if (connector.ok()) {
    calls_.push_back(std::make_unique<Call>(*this, to, link, std::move(*connector)));
  } else {
    call_later({.to = to, .link = &link});
  }
  return &link;
}

Result<std::unique_ptr<net::Connector>> Peers::connect_to(ProcessId to) const {
  return net::Connector::start(path_of(to), token_, identity(), {.wanted = to, .epoch = k_epoch});
}

/// Not all who were turned away at the same time come back at the same time.
void Peers::call_later(Again again) {
  if (listener_ == nullptr) return;
  again.delay = std::clamp(2 * again.delay, k_again_ns_min, k_again_ns_max);
  again.at = now() + again.delay / 2 + static_cast<Time>(random_()) % again.delay;
  again_.push_back(again);
  plan();
}

void Peers::call_again() {
  std::vector<Link*> refused;
  {
    const Lock lock(mutex_);
    const Time time = now();
    const auto due = std::partition(again_.begin(), again_.end(),
                                    [time](const Again& again) { return again.at > time; });
    const std::vector<Again> late(due, again_.end());
    again_.erase(due, again_.end());
    for (const Again& again : late) {
      auto connector = connect_to(again.to);
      if (connector.ok()) {
        calls_.push_back(std::make_unique<Call>(*this, again.to, *again.link, std::move(*connector)));
      } else if (connector.status().code() == ErrorCode::throttled) {
        call_later(again);
      } else {
        refused.push_back(again.link);
      }
    }
  }
  for (Link* const link : refused) link->give_up();  // it is gone: who needs to know is told
}

/// On the thread that reads.
void Peers::on_answer(Call& call) {
  std::unique_ptr<Call> answered;
  {
    const Lock lock(mutex_);
    const auto found = std::find_if(calls_.begin(), calls_.end(),
                                    [&](const auto& each) { return each.get() == &call; });
    if (found == calls_.end()) return;
    answered = std::move(*found);
    calls_.erase(found);
  }
  if (answered->finish()) return;
  // One of the two stood still in the middle of it for so long that the other went on; or it is gone, which shows then.
  const Lock lock(mutex_);
  const auto [begin, end] = links_.equal_range(answered->to());
  const bool is_known = std::any_of(begin, end,
                                    [&](const auto& each) { return each.second.get() == &answered->link(); });
  if (is_known) call_later({.to = answered->to(), .link = &answered->link(), .delay = k_again_ns_max});
}

void Peers::on_died(ProcessId process) {
  std::vector<std::unique_ptr<Link>> links;
  {
    const Lock lock(mutex_);
    std::erase_if(again_, [&](const Again& again) { return again.to == process; });
    const auto [begin, end] = links_.equal_range(process);
    for (auto link = begin; link != end; ++link) links.push_back(std::move(link->second));
    links_.erase(begin, end);
  }
  for (const auto& link : links) link->drain();
  around_.network.remove(process);
  const Lock lock(mutex_);
  for (auto& link : links) buried_.push_back(std::move(link));
}

}  // namespace shoal::shell
