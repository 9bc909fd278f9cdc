#include "base/thread_safety.h"

#include <thread>

namespace shoal {
namespace {

constexpr int k_looks = 100;  // a few microseconds: a sleep and a wake-up cost more

/// Tells the processor that a loop waits for another one.
void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

void Mutex::lock_taken() {
  static const int looks = std::thread::hardware_concurrency() > 1 ? k_looks : 0;  // alone, nobody lets go meanwhile
  for (int i = 0; i < looks; ++i) {
    relax();
    if (mutex_.try_lock()) return;
  }
  mutex_.lock();
}

}  // namespace shoal
