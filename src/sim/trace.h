#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace shoal::sim {

/// What happened in a simulated run, as a hash, and as text where someone wants to read it.
class Trace {
 public:
  explicit Trace(bool with_text) : with_text_(with_text) {}

  void add(std::int64_t time, std::string_view what, std::initializer_list<std::int64_t> figures) {
    mix(static_cast<std::uint64_t>(time));
    for (const char c : what) mix(static_cast<unsigned char>(c));
    for (const std::int64_t figure : figures) mix(static_cast<std::uint64_t>(figure));
    if (!with_text_) return;
    text_ += std::to_string(time) + " " + std::string(what);
    for (const std::int64_t figure : figures) text_ += " " + std::to_string(figure);
    text_ += "\n";
  }
  bool has_text() const { return with_text_; }
  /// Words for whoever reads; they are not part of what happened.
  void note(std::string_view words) {
    if (with_text_) text_ += "    " + std::string(words) + "\n";
  }
  std::uint64_t hash() const { return hash_; }
  const std::string& text() const { return text_; }

 private:
  void mix(std::uint64_t value) { hash_ = (hash_ ^ value) * 0x100000001b3ULL; }

  const bool with_text_;
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
  std::string text_;
};

}  // namespace shoal::sim
