#include "shell/transit_station.h"

#include <cstdint>

namespace shoal::shell {

TransitStation::TransitStation(Surroundings& around, ProcessId self, ProcessId node)
    : Station(around.network, self),
      around_(around),
      client_(std::make_shared<StoreClient>(around, self, node, [] { return std::uint64_t{0}; })) {
  around_.store = client_.get();
  around_.network.add(*this);
}

TransitStation::~TransitStation() {
  around_.store = nullptr;
  client_->close();
  around_.network.remove(*this);
}

void TransitStation::on_message(ProcessId, wire::Message& message) { client_->on_message(message); }

}  // namespace shoal::shell
