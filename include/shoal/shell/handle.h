#pragma once

#include <cstddef>
#include <utility>

#include <shoal/base/ids.h>

namespace shoal::owner {
struct Object;
}
namespace shoal::shell {
class OwnerStation;
}

namespace shoal::inline v1::detail {

/// What the program holds of an object: one count on it, in the process to which this thread belonged when it came to it.
/// Empty where it was made without arguments or moved from. Threads may use different handles at once.
class Handle {
 public:
  Handle() = default;
  /// Takes over a count that the core has made.
  Handle(shell::OwnerStation& home, owner::Object* object) : home_(&home), object_(object) {}
  Handle(const Handle& other) : home_(other.home_), object_(other.object_) {
    if (object_ != nullptr) add();
  }
  Handle(Handle&& other) noexcept
      : home_(std::exchange(other.home_, nullptr)), object_(std::exchange(other.object_, nullptr)) {}
  Handle& operator=(Handle other) noexcept {
    std::swap(home_, other.home_);
    std::swap(object_, other.object_);
    return *this;
  }
  ~Handle() {
    if (object_ != nullptr) release();
  }

  explicit operator bool() const { return object_ != nullptr; }
  shell::OwnerStation& home() const { return *home_; }
  owner::Object* object() const { return object_; }
  /// Precondition of both: it is not empty.
  ObjectId id() const;
  bool is_ready() const;

 private:
  void add() const;
  void release();

  shell::OwnerStation* home_ = nullptr;
  owner::Object* object_ = nullptr;
};

}  // namespace shoal::inline v1::detail
