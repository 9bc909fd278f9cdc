#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/time.h"
#include "net/socket_channel.h"
#include "shell/reader.h"

namespace shoal::shell {

/// A process that was let in, has proved to know the token, and has not said yet what it wants. The daemon owns it until it
/// has, or until its time is up.
class Visitor final : public Pollable {
 public:
  /// `on_word`: it has said something, or is gone. On the thread that reads, under no lock; it may be called again.
  Visitor(Reader& reader, std::unique_ptr<net::SocketChannel> channel, Time until,
          std::function<void(Visitor&)> on_word);
  ~Visitor() override;
  Visitor(const Visitor&) = delete;
  Visitor& operator=(const Visitor&) = delete;

  Time until() const { return until_; }
  bool is_gone() const { return is_gone_; }
  /// What it said, the first thing first.
  std::vector<net::Frame>& frames() { return frames_; }
  /// Sends one message, as far as that is possible without waiting.
  void answer(wire::Message message);
  int descriptor() const { return channel_->descriptor(); }
  /// From now on it is another's to read from.
  std::unique_ptr<net::SocketChannel> take_channel();

 private:
  void on_events(std::uint32_t events) override;
  void leave();

  Reader& reader_;
  const Time until_;
  const std::function<void(Visitor&)> on_word_;
  std::unique_ptr<net::SocketChannel> channel_;
  int watched_;
  std::vector<net::Frame> frames_;
  bool is_gone_ = false;
};

}  // namespace shoal::shell
