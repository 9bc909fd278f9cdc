#pragma once

#include <cassert>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace shoal {

/// Objects of one type at stable addresses, whose memory is used again: the first touch of a page costs more than all
/// that is done with a record on it. Not thread-safe. The destructor expects that all are destroyed.
template <class T>
class Slab {
 public:
  Slab() = default;
  ~Slab() { assert(used_ == 0); }
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;

  template <class... A>
  T* make(A&&... arguments) {
    if (free_ == nullptr) grow();
    Cell* const cell = std::exchange(free_, free_->next);
    ++used_;
    return new (cell->bytes) T(std::forward<A>(arguments)...);
  }
  void destroy(T* object) {
    object->~T();
    Cell* const cell = reinterpret_cast<Cell*>(object);
    cell->next = free_;
    free_ = cell;
    --used_;
  }
  std::size_t size() const { return used_; }

 private:
  union Cell {
    Cell* next;
    alignas(T) std::byte bytes[sizeof(T)];
  };
  static constexpr std::size_t k_first = 32, k_most = 1024;  // objects of a chunk

  void grow() {
    const std::size_t count = chunks_.empty() ? k_first : k_most;
    chunks_.push_back(std::make_unique_for_overwrite<Cell[]>(count));
    for (std::size_t i = count; i-- > 0;) {
      chunks_.back()[i].next = free_;
      free_ = &chunks_.back()[i];
    }
  }

  std::vector<std::unique_ptr<Cell[]>> chunks_;
  Cell* free_ = nullptr;
  std::size_t used_ = 0;
};

}  // namespace shoal
