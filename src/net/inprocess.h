#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "net/channel.h"

namespace shoal::net {

/// Encodes and decodes: what arrives is what would have come over a wire.
using Transcode = wire::Message (*)(wire::Message);

/// One end of a channel whose other end is in the same process, in another thread perhaps. Messages are moved. It breaks
/// only where an end is closed.
class InprocessChannel final : public Channel {
 public:
  using Ends = std::pair<std::unique_ptr<InprocessChannel>, std::unique_ptr<InprocessChannel>>;
  /// Both ends. With `transcode` each message goes through it in send().
  static Ends connect(std::uint64_t epoch, Transcode transcode = nullptr);
  ~InprocessChannel() override { close(); }

  std::uint64_t epoch() const override { return epoch_; }
  void send(std::vector<Frame>& frames) override;
  bool is_congested() const override;
  void receive(Arrivals& into) override;
  void set_wakeup(std::function<void()> wakeup) override;
  void close() override;
  /// Breaks it for both ends; what is under way is lost. No other thread may use it meanwhile.
  void testing_cut();

 private:
  struct Lane;
  InprocessChannel(std::uint64_t epoch, Transcode transcode, std::shared_ptr<Lane> in, std::shared_ptr<Lane> out);

  const std::uint64_t epoch_;
  const Transcode transcode_;
  const std::shared_ptr<Lane> in_;   // shared with the other end
  const std::shared_ptr<Lane> out_;  // likewise
  bool closed_ = false;
  bool told_broken_ = false;
};

}  // namespace shoal::net
