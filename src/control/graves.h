#pragma once

#include <shoal/base/ids.h>

#include <cstdint>
#include <map>
#include <optional>

namespace shoal::control {

/// Dead actors that nobody watches, in the order in which they came to be so: the first are forgotten first.
class Graves {
 public:
  /// Does nothing where it is in already.
  void add(const ActorId& actor);
  void remove(const ActorId& actor);
  /// The first, where there are more than `max`.
  std::optional<ActorId> beyond(std::size_t max) const;
  std::size_t size() const { return turns_.size(); }

 private:
  std::map<ActorId, std::uint64_t> turns_;
  std::map<std::uint64_t, ActorId> by_turn_;
  std::uint64_t next_ = 0;
};

}  // namespace shoal::control
