#pragma once

#include <shoal/base/ids.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>

namespace shoal::store {

/// Which processes keep which objects in existence: how often each holds each, as far as is heard. Whoever sends an object's
/// place to another process says so first (give); the other says when it needs that no more (drop), which may be heard
/// sooner. So counts have signs, and an object goes when all are 0, not when they add up to 0.
///
/// That no object goes while somebody holds it: of all gives that are not heard yet take one that no other of them led to.
/// What its sender held by then was heard, what it dropped later was not: its count is above 0.
///
/// What one process says has to be told in its order, and its death last.
class Holds {
 public:
  /// The object begins, held once by `writer`, whose name it has. False where that is dead: it is nobody's.
  [[nodiscard]] bool begin(const ObjectId& object, ProcessId writer);
  void give(const ObjectId& object, ProcessId to);
  /// Whether it may still begin: its writer lives and has begun none with its number or a later one, since it numbers them in
  /// order. Who was sent its place by the writer may ask for it before the writer is heard.
  bool may_begin(const ObjectId& object) const;
  /// True where nobody holds it any more: it ends.
  [[nodiscard]] bool drop(const ObjectId& object, ProcessId by);
  /// It holds nothing any more, and what is given to it later does not count. Gives the objects that end.
  [[nodiscard]] std::set<ObjectId> on_process_died(ProcessId process);

  /// Objects of which anything is known.
  std::size_t size() const { return objects_.size(); }

 private:
  struct Held {
    bool has_begun = false;
    std::map<ProcessId, std::int64_t> counts{};  // none is 0
  };
  using Table = std::map<ObjectId, Held>;

  /// Null where it can never begin any more.
  Held* find(const ObjectId& object);
  bool add(Held& held, ProcessId process, std::int64_t more);
  bool ends(const ObjectId& object, const Held& held) const;

  Table objects_;
  std::map<ProcessId, std::uint64_t> last_begun_;
  std::set<ProcessId> dead_;
};

}  // namespace shoal::store
