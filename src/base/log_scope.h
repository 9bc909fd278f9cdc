#pragma once

#include <cstdint>
#include <string_view>

namespace shoal::inline v1::log {

/// Says what this thread runs, for the log files: lines written while it lives carry step and fragment. Scopes nest;
/// the innermost counts. `step` outlives the scope. Ends on the thread that made it.
class Scope {
 public:
  Scope(std::string_view step, std::int64_t fragment);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  /// The calling thread's innermost scope; null outside one.
  static const Scope* current();

  std::string_view step() const { return step_; }
  std::int64_t fragment() const { return fragment_; }

 private:
  std::string_view step_;
  std::int64_t fragment_;
  const Scope* outer_;
};

}  // namespace shoal::inline v1::log
