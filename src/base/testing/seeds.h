#pragma once

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

/// Seeds of simulated runs, as the environment asks for them: SHOAL_SIM_SEEDS of them, or SHOAL_SIM_SEED alone, which
/// prints its trace with SHOAL_SIM_TRACE=1.
namespace shoal::testing {

inline std::optional<std::uint64_t> number_from(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr || *text == '\0') return std::nullopt;
  return std::strtoull(text, nullptr, 10);
}

inline std::optional<std::uint64_t> only_seed() { return number_from("SHOAL_SIM_SEED"); }
inline std::uint64_t seed_count(std::uint64_t otherwise) { return number_from("SHOAL_SIM_SEEDS").value_or(otherwise); }
/// Whether this is a build with sanitizers: g++ says so by macros, clang by features.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool k_sanitized = true;
#elif defined(__has_feature)
inline constexpr bool k_sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
inline constexpr bool k_sanitized = false;
#endif

/// Fewer in a build with sanitizers, which is many times slower.
inline std::uint64_t seed_count(std::uint64_t otherwise, std::uint64_t sanitized) {
  return seed_count(k_sanitized ? sanitized : otherwise);
}
/// SHOAL_SIM_EXPLAIN=0: whoever runs it wants to know that a seed fails, not why.
inline bool wants_explanation() { return number_from("SHOAL_SIM_EXPLAIN").value_or(1) != 0; }
inline bool wants_trace() { return number_from("SHOAL_SIM_TRACE").value_or(0) != 0; }

inline std::string replay_hint(std::uint64_t seed) {
  return "seed " + std::to_string(seed) + "; see it by SHOAL_SIM_SEED=" + std::to_string(seed) + " SHOAL_SIM_TRACE=1";
}

}  // namespace shoal::testing
