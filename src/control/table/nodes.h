#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "wire/resources.h"

namespace shoal::control {

/// One incarnation of one machine's daemon.
struct NodeRecord {
  std::string host;
  wire::Resources total;
  std::map<std::string, std::string> labels;
  bool alive = true;
  friend bool operator==(const NodeRecord&, const NodeRecord&) = default;
};

/// The nodes that live, and the last that died. What a live one could still give is no truth but news: see Loads.
/// Changes by Truth::apply() alone.
class Nodes {
 public:
  const NodeRecord* find(std::uint32_t node) const;
  bool is_alive(std::uint32_t node) const;
  const std::map<std::uint32_t, NodeRecord>& all() const { return records_; }
  /// In the order in which they died.
  const std::deque<std::uint32_t>& dead() const { return dead_; }

  /// A node that joins, or one that lives and says anew what it is.
  void join(std::uint32_t node, NodeRecord record);
  void die(std::uint32_t node);
  /// The one that died first.
  void forget_oldest_dead();

  friend bool operator==(const Nodes&, const Nodes&) = default;

 private:
  std::map<std::uint32_t, NodeRecord> records_;
  std::deque<std::uint32_t> dead_;
};

}  // namespace shoal::control
