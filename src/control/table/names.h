#pragma once

#include <shoal/base/ids.h>

#include <map>
#include <optional>
#include <string>

namespace shoal::control {

/// Which actor has a name, from its registration to its death; so a name has at most one live actor. Changes by
/// Truth::apply() alone.
class Names {
 public:
  std::optional<ActorId> find(const std::string& name) const;
  const std::map<std::string, ActorId>& all() const { return holders_; }

  /// Leaves a name that is taken with who has it.
  void reserve(const std::string& name, const ActorId& actor) { holders_.try_emplace(name, actor); }
  /// Does nothing where another has it.
  void free(const std::string& name, const ActorId& actor);

  friend bool operator==(const Names&, const Names&) = default;

 private:
  std::map<std::string, ActorId> holders_;
};

}  // namespace shoal::control
