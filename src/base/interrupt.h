#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace shoal {

/// What Ctrl-C does to one piece of work. All three are called on a thread of their own, one at a time, and must not
/// end the registration themselves.
struct InterruptCallbacks {
  std::function<void()> interrupt;                            ///< Asks the work to end; returns at once.
  std::function<std::vector<std::string>()> still_running{};  ///< Names what did not end in time; may be empty.
  std::function<void()> discard{};  ///< Removes what must not stay when the process is ended; may be empty.
};

/// Work that Ctrl-C ends, for as long as this object lives.
///
/// While registrations exist, and only where SIGINT had its default disposition, the first SIGINT calls `interrupt` of
/// each. The disposition is the default again from that moment, so a second SIGINT kills. Where the work has not ended
/// (its registration is still there) after 1.5 s, what still runs is named on standard error, `discard` of each is
/// called, and the process ends with status 130. A `Cancelled` that nobody catches after a SIGINT ends the process with
/// status 130 and one line. After the last registration the disposition is as before and no thread is left.
class InterruptRegistration {
 public:
  explicit InterruptRegistration(InterruptCallbacks callbacks);
  /// Waits for a callback of this registration that is running.
  ~InterruptRegistration();
  InterruptRegistration(const InterruptRegistration&) = delete;
  InterruptRegistration& operator=(const InterruptRegistration&) = delete;

 private:
  std::uint64_t id_;
};

/// Milliseconds that work has to end after SIGINT.
inline constexpr int k_interrupt_grace_ms = 1500;
inline constexpr int k_interrupt_exit_status = 130;

/// Whether a SIGINT reached a registration of this process.
bool was_interrupted();

}  // namespace shoal
