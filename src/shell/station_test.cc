#include "shell/station.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace shoal::shell {
namespace {

constexpr std::uint32_t k_stations = 5;

/// Hands tokens on to others at random until they have gone far enough, and holds each sender to its numbers.
class Forwarder final : public Station {
 public:
  Forwarder(Switch& network, ProcessId self, std::atomic<int>& ended)
      : Station(network, self), ended_(ended), random_(self.n) {}

  /// Under the lock.
  void forward(std::uint64_t hops) {
    if (hops == 0) {
      if (ended_.fetch_sub(1) == 1) ended_.notify_all();
      return;
    }
    const ProcessId to{1, static_cast<std::uint32_t>(1 + random_() % k_stations)};
    // What a lease's number means here: the hops that are left, and how many went this way before.
    out_.push_back({to, wire::LeaseReturn{hops - 1 + (sent_[to]++ << 32)}});
  }
  bool in_order() const { return in_order_; }

 private:
  void on_message(ProcessId from, wire::Message& message) override {
    const std::uint64_t token = std::get<wire::LeaseReturn>(message).lease;
    in_order_ = in_order_ && token >> 32 == received_[from]++;
    forward(token & 0xffffffff);
  }
  void take_messages(std::vector<wire::Envelope>& into) override { into.clear(), into.swap(out_); }

  std::atomic<int>& ended_;
  std::mt19937 random_;
  std::map<ProcessId, std::uint64_t> sent_, received_;
  bool in_order_ = true;
  std::vector<wire::Envelope> out_;
};

TEST(Station, ThreadsWorkOffWhatTheyBringInOrderAndLoseNothing) {
  constexpr int k_threads = 4, k_tokens = 200;
  Switch network;
  std::atomic<int> ended{k_threads * k_tokens};
  std::vector<std::unique_ptr<Forwarder>> stations;
  for (std::uint32_t n = 1; n <= k_stations; ++n) {
    stations.push_back(std::make_unique<Forwarder>(network, ProcessId{1, n}, ended));
    network.add(*stations.back());
  }
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < k_threads; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < k_tokens; ++i) {
        Forwarder& station = *stations[(t + i) % k_stations];
        station.enter([&] { station.forward(1 + i % 40); });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  // A thread leaves only when nothing that it brought waits any more, so there is nothing to wait for.
  EXPECT_EQ(ended.load(), 0);
  for (const auto& station : stations) {
    EXPECT_TRUE(station->in_order());
    EXPECT_FALSE(station->has_mail());
  }
}

TEST(Station, MessagesMayGoThroughTheirEncodedForm) {
  static std::atomic<int> transcoded;
  transcoded = 0;
  Switch network([](wire::Message message) {
    ++transcoded;
    return message;
  });
  std::atomic<int> ended{1};
  std::vector<std::unique_ptr<Forwarder>> stations;
  for (std::uint32_t n = 1; n <= k_stations; ++n) {
    stations.push_back(std::make_unique<Forwarder>(network, ProcessId{1, n}, ended));
    network.add(*stations.back());
  }
  stations[0]->enter([&] { stations[0]->forward(10); });
  EXPECT_EQ(ended.load(), 0);
  EXPECT_EQ(transcoded.load(), 10);
}

TEST(Station, WhatIsSentToNobodyIsDropped) {
  Switch network;
  std::atomic<int> ended{1};
  Forwarder one(network, {1, 1}, ended);
  network.add(one);
  network.remove(one);
  one.enter([&] { one.forward(3); });
  EXPECT_EQ(ended.load(), 1);
}

}  // namespace
}  // namespace shoal::shell
