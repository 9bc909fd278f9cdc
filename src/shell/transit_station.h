#pragma once

#include <memory>

#include "shell/station.h"
#include "shell/store_client.h"

namespace shoal::shell {

/// The part in the machine's store of a daemon's own process, which reads and writes no values: what others say by way of
/// it, such as the arguments of an actor's constructor, is held by it until nobody here refers to it any more.
class TransitStation final : public Station {
 public:
  /// `self`: a name in the network of its own, under which the store knows this process.
  TransitStation(Surroundings& around, ProcessId self, ProcessId node);
  ~TransitStation() override;

 private:
  void on_message(ProcessId from, wire::Message& message) override;
  void take_messages(std::vector<wire::Envelope>&) override {}

  Surroundings& around_;
  const std::shared_ptr<StoreClient> client_;
};

}  // namespace shoal::shell
