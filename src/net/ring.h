#pragma once

#include <cassert>
#include <cstddef>
#include <utility>
#include <vector>

namespace shoal::net {

/// A queue in one block of memory that is used again and again. T can be made without arguments; a place that is empty
/// holds such a one.
template <class T>
class Ring {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](std::size_t index) { return places_[(first_ + index) & (places_.size() - 1)]; }
  const T& operator[](std::size_t index) const { return places_[(first_ + index) & (places_.size() - 1)]; }
  T& front() { return (*this)[0]; }
  T& back() { return (*this)[size_ - 1]; }

  void push_back(T value) {
    if (size_ == places_.size()) grow();
    ++size_;
    back() = std::move(value);
  }
  T pop_front() {
    assert(size_ > 0);
    T value = std::exchange(front(), T());
    first_ = (first_ + 1) & (places_.size() - 1);
    --size_;
    return value;
  }
  void clear() { *this = Ring(); }
  /// Takes off the end until `size` are left.
  void truncate(std::size_t size) {
    while (size_ > size) {
      back() = T();
      --size_;
    }
  }

 private:
  void grow() {
    std::vector<T> places(places_.empty() ? 8 : 2 * places_.size());
    for (std::size_t index = 0; index < size_; ++index) places[index] = std::move((*this)[index]);
    places_ = std::move(places);
    first_ = 0;
  }

  std::vector<T> places_;  // a power of two of them, or none
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace shoal::net
