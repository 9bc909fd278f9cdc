#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace shoal::store {

/// XXH3 over bytes that come in parts: finds bytes that a disk changed, not such as somebody forged.
class Checksum {
 public:
  Checksum();
  ~Checksum();
  Checksum(const Checksum&) = delete;
  Checksum& operator=(const Checksum&) = delete;

  void add(std::span<const std::byte> bytes);
  /// Of all that was added.
  std::uint64_t value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shoal::store
