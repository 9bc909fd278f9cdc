#include "api/testing/shared.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>

namespace shoal::testing {
namespace {

constexpr const char* k_variable = "SHOAL_TEST_SHARED";  // the path of the memory; workers get it with the environment

Shared* map() {
  int memory = -1;
  if (const char* const path = std::getenv(k_variable)) {
    memory = ::open(path, O_RDWR | O_CLOEXEC);
  } else {
    memory = ::memfd_create("shared by tests", MFD_CLOEXEC);
    const std::string own = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(memory);
    if (::ftruncate(memory, sizeof(Shared)) == 0) ::setenv(k_variable, own.c_str(), 1);
  }
  void* const mapped = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  if (mapped == MAP_FAILED) throw std::runtime_error("the memory that tests share with their tasks cannot be mapped");
  return static_cast<Shared*>(mapped);
}

}  // namespace

Shared& shared() {
  static Shared* const mapped = map();
  return *mapped;
}

void renew_shared() { new (&shared()) Shared; }

}  // namespace shoal::testing
