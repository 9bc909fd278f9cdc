#include "shell/link.h"

#include <sys/epoll.h>

#include <utility>

#include "net/roles.h"
#include "shell/store_client.h"

namespace shoal::shell {
namespace {

ProcessId place_of(net::Roles roles, ProcessId owner, ProcessId node) {
  if (roles == net::Role::node) return node;
  return roles == net::Role::control ? k_control : owner;
}

/// What is for this shell, and no core's business.
bool is_of_processes(const wire::Message& message) {
  return std::holds_alternative<wire::Welcome>(message) || std::holds_alternative<wire::Retire>(message) ||
         std::holds_alternative<wire::WorkerIsUp>(message) || std::holds_alternative<wire::WorkerStays>(message) ||
         std::holds_alternative<wire::Stop>(message) || std::holds_alternative<wire::ProcessDied>(message) ||
         std::holds_alternative<wire::Join>(message);
}

}  // namespace

Link::Link(Surroundings& around, const Ends& ends, std::unique_ptr<net::SocketChannel> channel,
           std::function<void(Link&, const wire::Message&)> on_process, std::function<void(Link&)> on_over)
    : Station(around.network, ends.there),
      around_(around),
      ends_(ends),
      on_process_(std::move(on_process)),
      on_over_(std::move(on_over)) {
  if (channel != nullptr) attach(std::move(channel));
}

Link::~Link() {
  if (channel_ != nullptr) around_.reader->remove(channel_->descriptor());
}

void Link::attach(std::unique_ptr<net::SocketChannel> channel) {
  const int descriptor = channel->descriptor();
  enter([&] {
    if (is_closed_) return;
    channel_ = std::move(channel);
    around_.reader->add(descriptor, EPOLLIN, *this);
  });
}

void Link::give_up() {
  enter([&] {
    is_closed_ = true;
    leaving_.clear();
  });
}

void Link::on_message(ProcessId, wire::Message& message) {
  if (is_closed_) return;
  if (around_.store != nullptr) tell_store(message);
  leaving_.push_back({{}, std::move(message)});
}

/// Before what is given away goes the same way it would be lost with it.
void Link::tell_store(const wire::Message& message) {
  gives_.clear();
  StoreClient::add_gives(message, ends_.there, gives_);
  std::vector<wire::Envelope> envelopes;
  for (wire::Message& give : gives_) {
    if (ends_.leads_to_node) {
      leaving_.push_back({{}, std::move(give)});
    } else {
      envelopes.push_back({ends_.node, std::move(give)});
    }
  }
  if (!envelopes.empty()) around_.network.send(ends_.here, envelopes);
}

void Link::take_messages(std::vector<wire::Envelope>&) {
  if (channel_ == nullptr || is_over_) return;
  if (!leaving_.empty()) channel_->send(leaving_);
  if (channel_->wants_write() != watches_writing_) {
    watches_writing_ = !watches_writing_;
    around_.reader->change(channel_->descriptor(), watches_writing_ ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }
}

void Link::on_events(std::uint32_t) {
  enter([&] { read(); });
}

void Link::take(std::vector<net::Frame> frames) {
  enter([&] { hand_on(frames); });
}

void Link::drain() {
  enter([&] {
    do { read(); } while (channel_ != nullptr && !is_over_ && has_arrivals_);
    is_over_ = is_closed_ = true;
    leaving_.clear();
  });
}

/// Under the station's lock.
void Link::read() {
  if (channel_ == nullptr || is_over_) return;
  if (channel_->wants_write()) channel_->on_writable();
  channel_->receive(arrivals_);
  has_arrivals_ = !arrivals_.frames.empty();
  hand_on(arrivals_.frames);
  if (arrivals_.broken) is_over_ = is_closed_ = true;
}

/// Under the station's lock. Those of one sender go together.
void Link::hand_on(std::vector<net::Frame>& frames) {
  ProcessId sender;
  for (net::Frame& frame : frames) {
    if (is_of_processes(frame.message)) {
      of_processes_.push_back(std::move(frame.message));
      continue;
    }
    if (around_.store != nullptr) around_.store->take(frame.message);
    const net::Route route = net::route_of(frame.message.index());
    const ProcessId from = place_of(route.from, ends_.there, ends_.node);
    if (from != sender && !to_stations_.empty()) around_.network.send(sender, to_stations_);
    sender = from;
    to_stations_.push_back({place_of(route.to, ends_.here, ends_.node), std::move(frame.message)});
  }
  if (!to_stations_.empty()) around_.network.send(sender, to_stations_);
}

void Link::on_left() {
  std::vector<wire::Message> messages;
  std::unique_ptr<net::SocketChannel> over;
  {
    const Lock lock(mutex());
    messages.swap(of_processes_);
    if (is_over_) over = std::move(channel_);
  }
  for (const wire::Message& message : messages) on_process_(*this, message);
  if (over == nullptr) return;
  around_.reader->remove(over->descriptor());  // not under the lock, which the thread that reads may want
  over.reset();
  on_over_(*this);
}

}  // namespace shoal::shell
