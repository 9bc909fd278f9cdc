#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "net/channel.h"
#include "net/ring.h"
#include "sim/world/process.h"

namespace shoal::sim {

class SimulatedChannel;

/// The world as a channel sees it.
class ChannelWorld {
 public:
  virtual ~ChannelWorld() = default;
  virtual Time now() const = 0;
  /// How long what is sent now to this end is under way, if nothing is before it.
  virtual Time delay(const SimulatedChannel& to) = 0;
  /// Calls to.on_event() at that time, if the channel is there still.
  virtual void expect(Time at, SimulatedChannel& to) = 0;
};

/// One end of a channel in virtual time.
class SimulatedChannel final : public net::Channel {
 public:
  /// `place`: the world's name for this end. The ends are joined by join().
  SimulatedChannel(ChannelWorld& world, std::uint32_t place, std::uint64_t epoch)
      : world_(world), place_(place), epoch_(epoch) {}
  ~SimulatedChannel() override;
  SimulatedChannel(const SimulatedChannel&) = delete;
  SimulatedChannel& operator=(const SimulatedChannel&) = delete;
  static void join(SimulatedChannel& left, SimulatedChannel& right) {
    left.other_ = &right;
    right.other_ = &left;
  }

  std::uint32_t place() const { return place_; }
  std::uint64_t epoch() const override { return epoch_; }
  void send(std::vector<net::Frame>& frames) override;
  bool is_congested() const override;
  void receive(net::Arrivals& into) override;
  void set_wakeup(std::function<void()> wakeup) override { wakeup_ = std::move(wakeup); }
  void close() override;

  /// Something that was sent to this end arrives: receive() will find it.
  void on_event();
  /// In the place of on_event(), for a world that hands on at once: the frame that arrives, if there is one.
  bool take_arrival(net::Frame& into);
  /// Likewise: what arrives is the end of the channel.
  bool take_end();

  /// Breaks the channel; what is under way is lost. Each end learns it a delay later. How many frames were lost.
  std::size_t cut();
  bool is_cut() const { return end_at_.has_value(); }
  /// What is under way to this end, but for the first `kept` frames, is lost: its sender is dead. How many were lost.
  std::size_t lose_behind(std::size_t kept);
  std::size_t under_way() const { return under_way_.size(); }

 private:
  void send_end();

  ChannelWorld& world_;
  const std::uint32_t place_;
  const std::uint64_t epoch_;
  SimulatedChannel* other_ = nullptr;  // null once it is gone
  std::function<void()> wakeup_;

  // What comes to this end.
  net::Ring<net::Frame> under_way_;
  Time last_arrival_ = 0;
  std::optional<Time> end_at_;  // when this end learns that it is over
  std::vector<net::Frame> arrived_;
  bool broken_ = false;  // arrived, and not taken

  bool over_ = false;  // nothing is sent or taken here any more
};

}  // namespace shoal::sim
