#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <shoal/base/error.h>

#include "sim/cluster/program.h"

namespace shoal::sim::cluster {

/// Codes of errors.
class Codes {
 public:
  Codes() = default;
  Codes(std::initializer_list<ErrorCode> codes) {
    for (const ErrorCode code : codes) bits_ |= bit(code);
  }
  bool contains(ErrorCode code) const { return (bits_ & bit(code)) != 0; }
  bool empty() const { return bits_ == 0; }
  Codes& operator|=(Codes other) {
    bits_ |= other.bits_;
    return *this;
  }
  friend bool operator==(const Codes&, const Codes&) = default;

 private:
  static std::uint64_t bit(ErrorCode code) { return std::uint64_t{1} << static_cast<unsigned>(code); }
  std::uint64_t bits_ = 0;
};

/// What may come of a reference.
struct Expectation {
  std::optional<std::uint64_t> number;  ///< None: there is no value in any run.
  Codes errors;                         ///< That may stand in the place of the value.
};

/// What a program means: it is run once, in one order, without processes, retries or faults. Where workers may die or a
/// task is cancelled, the value stays the same, but an error may take its place.
class Oracle {
 public:
  /// `seed`: what the driver begins with.
  explicit Oracle(const Program& program, std::uint64_t seed = 0);
  ~Oracle();
  Oracle(const Oracle&) = delete;
  Oracle& operator=(const Oracle&) = delete;

  /// Of what the driver holds, by the register into which it came.
  const std::map<Register, Expectation>& driver() const { return driver_; }

 private:
  struct Thing;
  struct Frame;
  using ThingPtr = std::shared_ptr<Thing>;

  std::vector<ThingPtr> call(std::uint32_t script, std::uint64_t seed, const std::vector<ThingPtr>& values,
                             const std::vector<ThingPtr>& refs, const Frame& submitter);
  void run(Frame& frame);
  bool step(Frame& frame, const Op& op);
  void submit(Frame& frame, const Op& op);
  bool get(Frame& frame, const Op& op);
  bool next(Frame& frame, const Op& op);
  bool use(Frame& frame, const ThingPtr& thing);
  static void cancel(const Thing& thing);
  Codes errors_of(const Thing& thing) const;
  Codes seen_from(std::uint32_t process, const Thing& thing) const;

  const Program& program_;
  std::uint32_t attempts_ = 0;
  mutable std::uint32_t search_ = 0;
  std::map<Register, Expectation> driver_;
};

}  // namespace shoal::sim::cluster
