#include "shell/worker_page.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace shoal::shell {
namespace {

constexpr std::size_t k_page_bytes = 4'096;
constexpr int k_tries = 1'000;

}  // namespace

Result<Fd> WorkerPage::make() {
  Fd memory(::memfd_create("shoal-worker", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory.is_open() || ::ftruncate(memory.get(), k_page_bytes) != 0 ||
      ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) {
    return errno_status(errno, "make shared memory for", "a worker process");
  }
  return memory;
}

Result<WorkerPage> WorkerPage::map(int descriptor) {
  static_assert(sizeof(Layout) <= k_page_bytes);
  void* const at = ::mmap(nullptr, k_page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (at == MAP_FAILED) return errno_status(errno, "map shared memory of", "a worker process");
  return WorkerPage(static_cast<Layout*>(at));  // all bytes 0: nothing runs
}

WorkerPage::WorkerPage(WorkerPage&& other) noexcept : page_(std::exchange(other.page_, nullptr)) {}

WorkerPage::~WorkerPage() {
  if (page_ != nullptr) ::munmap(page_, k_page_bytes);
}

void WorkerPage::write(const RunsNow& now) {
  std::array<std::uint64_t, k_name_words> name{};
  std::memcpy(name.data(), now.task.data(), std::min(now.task.size(), sizeof(name) - 1));
  const std::uint64_t version = page_->version.load(std::memory_order_relaxed);
  page_->version.store(version + 1, std::memory_order_relaxed);
  // None of these is seen before the odd number is.
  page_->is_retriable.store(now.is_retriable ? 1 : 0, std::memory_order_release);
  page_->since.store(static_cast<std::uint64_t>(now.since), std::memory_order_release);
  for (std::size_t i = 0; i < name.size(); ++i) page_->name[i].store(name[i], std::memory_order_release);
  page_->version.store(version + 2, std::memory_order_release);
}

RunsNow WorkerPage::read() const {
  for (int i = 0; i < k_tries; ++i) {
    const std::uint64_t before = page_->version.load(std::memory_order_acquire);
    RunsNow now{.is_retriable = page_->is_retriable.load(std::memory_order_acquire) != 0,
                .since = static_cast<Time>(page_->since.load(std::memory_order_acquire))};
    std::array<std::uint64_t, k_name_words> name{};
    for (std::size_t word = 0; word < name.size(); ++word) {
      name[word] = page_->name[word].load(std::memory_order_acquire);
    }
    if (before % 2 != 0 || page_->version.load(std::memory_order_relaxed) != before) continue;
    const auto* const text = reinterpret_cast<const char*>(name.data());
    now.task.assign(text, ::strnlen(text, sizeof(name)));
    return now;
  }
  return {};
}

}  // namespace shoal::shell
