#include "base/code_address.h"

#include <elf.h>
#include <fmt/format.h>
#include <link.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/thread_safety.h"

namespace shoal::inline v1 {
namespace {

/// Half-open, as offsets from where the module is loaded.
struct Range {
  std::uint64_t begin = 0, end = 0;
};

struct Module {
  std::uint64_t id = 0;  // 0 = linked without
  std::uintptr_t base = 0;
  std::string path;
  std::vector<Range> code;

  bool has_code(std::uint64_t offset) const {
    return std::any_of(code.begin(), code.end(),
                       [offset](const Range& range) { return range.begin <= offset && offset < range.end; });
  }
};

/// How many modules were loaded and unloaded so far.
struct Changes {
  unsigned long long loaded = 0, unloaded = 0;
  friend bool operator==(const Changes&, const Changes&) = default;
};

/// What the process has loaded, in the linker's order: the program first.
struct Modules {
  Changes as_of;
  std::vector<Module> list;
};

/// The build id in a segment of notes; 0 where there is none.
std::uint64_t build_id(std::span<const std::uint8_t> notes, std::size_t alignment) {
  const auto padded = [alignment](std::size_t size) { return (size + alignment - 1) / alignment * alignment; };
  while (notes.size() >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes.data(), sizeof note);
    notes = notes.subspan(sizeof note);
    const std::size_t name = padded(note.n_namesz), all = name + padded(note.n_descsz);
    if (all > notes.size()) return 0;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(notes.data(), "GNU", 4) == 0) {
      std::uint64_t id = 0;
      for (const std::uint8_t byte : notes.subspan(name, std::min<std::size_t>(note.n_descsz, 8))) id = id << 8 | byte;
      return id;
    }
    notes = notes.subspan(all);
  }
  return 0;
}

Module module_of(const dl_phdr_info& info) {
  Module module;
  module.base = info.dlpi_addr;
  module.path = info.dlpi_name == nullptr || *info.dlpi_name == '\0' ? "the program" : info.dlpi_name;
  for (const ElfW(Phdr) & segment : std::span(info.dlpi_phdr, info.dlpi_phnum)) {
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0) {
      module.code.push_back({.begin = segment.p_vaddr, .end = segment.p_vaddr + segment.p_memsz});
    } else if (segment.p_type == PT_NOTE && module.id == 0) {
      const auto* notes = reinterpret_cast<const std::uint8_t*>(info.dlpi_addr + segment.p_vaddr);
      module.id = build_id({notes, segment.p_memsz}, segment.p_align == 8 ? 8 : 4);
    }
  }
  return module;
}

Changes changes() {
  Changes now;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        *static_cast<Changes*>(data) = {.loaded = info->dlpi_adds, .unloaded = info->dlpi_subs};
        return 1;
      },
      &now);
  return now;
}

std::shared_ptr<const Modules> read_modules() {
  auto modules = std::make_shared<Modules>();
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        auto* into = static_cast<Modules*>(data);
        into->as_of = {.loaded = info->dlpi_adds, .unloaded = info->dlpi_subs};
        into->list.push_back(module_of(*info));
        return 0;
      },
      modules.get());
  return modules;
}

/// Reads again only after a library came or went. The linker is asked outside of the mutex: it may hold a lock of its own
/// while an initialiser comes here.
std::shared_ptr<const Modules> loaded_modules() {
  static Mutex mutex;
  static std::shared_ptr<const Modules> known GUARDED_BY(mutex);
  const Changes now = changes();
  {
    const Lock lock(mutex);
    if (known != nullptr && known->as_of == now) return known;
  }
  std::shared_ptr<const Modules> fresh = read_modules();
  const Lock lock(mutex);
  known = fresh;
  return fresh;
}

}  // namespace

Result<CodeAddress> code_address(const void* code) {
  const auto place = reinterpret_cast<std::uintptr_t>(code);
  const std::shared_ptr<const Modules> modules = loaded_modules();
  for (const Module& module : modules->list) {
    if (place < module.base || !module.has_code(place - module.base)) continue;
    if (module.id == 0) {
      return Status(ErrorCode::unsupported,
                    fmt::format("{} was linked without a build id, by which other processes find "
                                "its functions; link it with -Wl,--build-id",
                                module.path));
    }
    return CodeAddress{.module = module.id, .offset = place - module.base};
  }
  return Status(
      ErrorCode::invalid_argument,
      fmt::format("{} is in the code of no program or library, so that no other process could find it; pass a "
                  "function or a lambda that was compiled",
                  code));
}

Result<const void*> code_at(const CodeAddress& address) {
  const std::shared_ptr<const Modules> modules = loaded_modules();
  for (const Module& module : modules->list) {
    if (module.id != address.module || module.id == 0) continue;
    if (!module.has_code(address.offset)) {
      return Status(ErrorCode::corrupt_data, fmt::format("offset {:#x} is not in the code of {} (build {:016x})",
                                                         address.offset, module.path, module.id));
    }
    return reinterpret_cast<const void*>(module.base + address.offset);
  }
  return Status(ErrorCode::not_found,
                fmt::format("this process has no program or library of build {:016x}, its own is {:016x}; run the same "
                            "build everywhere",
                            address.module, modules->list.empty() ? 0 : modules->list.front().id));
}

}  // namespace shoal::inline v1
