#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "net/socket_channel.h"
#include "shell/reader.h"
#include "shell/station.h"
#include "shell/timed_station.h"

namespace shoal::shell {

/// Another process of this machine, as a station: what is sent to it goes out over its channel, and what comes from it goes
/// to the stations of this process. What a message is tells who of either process it is from and for. The channel is over
/// only when one of them is gone, so nothing is kept to be sent again.
class Link final : public Station, public Pollable {
 public:
  struct Ends {
    ProcessId here;   ///< The owner in this process.
    ProcessId there;  ///< The one in the other.
    ProcessId node;   ///< The daemon of the machine, in one of the two or in neither.
    bool leads_to_node = false;
  };
  /// `channel`: null where it is attached later; until then what is sent is kept. `on_process`: what the two processes say to each other of their life, see wire/process.h; `on_over`: the channel is over,
  /// called once. Both on the thread that reads, under no lock.
  Link(Surroundings& around, const Ends& ends, std::unique_ptr<net::SocketChannel> channel,
       std::function<void(Link&, const wire::Message&)> on_process, std::function<void(Link&)> on_over);
  ~Link() override;

  void attach(std::unique_ptr<net::SocketChannel> channel);
  /// There will be no channel: what was sent is dropped.
  void give_up();
  /// As if they had arrived now.
  void take(std::vector<net::Frame> frames);
  /// Of a process that is gone: hands on what had arrived, and closes the channel.
  void drain();

 private:
  void on_message(ProcessId from, wire::Message& message) override;
  void take_messages(std::vector<wire::Envelope>& into) override;
  void on_left() override;
  void on_events(std::uint32_t events) override;
  void read();
  void hand_on(std::vector<net::Frame>& frames);
  void tell_store(const wire::Message& message);

  Surroundings& around_;
  const Ends ends_;
  const std::function<void(Link&, const wire::Message&)> on_process_;
  const std::function<void(Link&)> on_over_;

  // Guarded by the station's lock.
  std::unique_ptr<net::SocketChannel> channel_;
  net::Arrivals arrivals_;
  std::vector<net::Frame> leaving_;
  std::vector<wire::Envelope> to_stations_;  // of one sender
  std::vector<wire::Message> of_processes_;
  std::vector<wire::Message> gives_;  // scratch
  bool is_closed_ = false;            // and there will be no channel any more
  bool watches_writing_ = false;
  bool has_arrivals_ = false;
  bool is_over_ = false;
};

}  // namespace shoal::shell
