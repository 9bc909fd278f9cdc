#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace shoal {

/// A text that must not reach a log, an error or a screen. It cannot be formatted or streamed, and its bytes are
/// overwritten when it dies. Only code that signs or sends calls `reveal()`.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }
  Secret& operator=(const Secret& other) {
    if (this != &other) {
      wipe();
      text_ = other.text_;
    }
    return *this;
  }
  Secret& operator=(Secret&& other) noexcept {
    wipe();
    text_.swap(other.text_);
    return *this;
  }
  ~Secret() { wipe(); }

  std::string_view reveal() const { return text_; }
  bool empty() const { return text_.empty(); }
  friend bool operator==(const Secret&, const Secret&) = default;

  template <class Stream>
  friend Stream& operator<<(Stream& stream, const Secret& secret) = delete;

 private:
  void wipe() {
    volatile char* bytes = text_.data();  // volatile: the compiler may not drop writes to memory that dies
    for (std::size_t i = 0; i < text_.size(); ++i) bytes[i] = 0;
    text_.clear();
  }

  std::string text_;
};

}  // namespace shoal
