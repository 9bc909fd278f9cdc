#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <shoal/base/type_name.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/thread_safety.h"

namespace shoal::inline v1 {
namespace {

/// A file mapped to be read.
class MappedFile {
 public:
  explicit MappedFile(const char* path) {
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    struct stat about{};
    if (::fstat(fd, &about) == 0 && about.st_size > 0) {
      void* memory = ::mmap(nullptr, static_cast<std::size_t>(about.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
      if (memory != MAP_FAILED)
        bytes_ = {static_cast<const std::uint8_t*>(memory), static_cast<std::size_t>(about.st_size)};
    }
    ::close(fd);
  }
  ~MappedFile() {
    if (!bytes_.empty()) ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  /// `count` records of type T at `offset`; empty where the file is too short.
  template <class T>
  std::span<const T> records(std::uint64_t offset, std::uint64_t count) const {
    if (offset > bytes_.size() || count > (bytes_.size() - offset) / sizeof(T) || offset % alignof(T) != 0) return {};
    return {reinterpret_cast<const T*>(bytes_.data() + offset), count};
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

/// Which file the code is in, and where that was loaded.
struct SymbolModule {
  std::uintptr_t code = 0;
  std::string path;
  std::uintptr_t base = 0;
};

int find_module(dl_phdr_info* info, std::size_t, void* data) {
  auto* module = static_cast<SymbolModule*>(data);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    const std::uintptr_t start = info->dlpi_addr + segment.p_vaddr;
    if (segment.p_type != PT_LOAD || module->code < start || module->code >= start + segment.p_memsz) continue;
    module->path = info->dlpi_name == nullptr || *info->dlpi_name == '\0' ? "/proc/self/exe" : info->dlpi_name;
    module->base = info->dlpi_addr;
    return 1;
  }
  return 0;
}

/// The symbol that covers `address`, by the full symbol table, which also has the names of static functions.
std::string find_symbol(const MappedFile& file, std::uintptr_t address) {
  const auto header = file.records<Elf64_Ehdr>(0, 1);
  if (header.empty() || std::memcmp(header[0].e_ident, ELFMAG, SELFMAG) != 0 ||
      header[0].e_ident[EI_CLASS] != ELFCLASS64) {
    return {};
  }
  const auto sections = file.records<Elf64_Shdr>(header[0].e_shoff, header[0].e_shnum);
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type != SHT_SYMTAB || section.sh_link >= sections.size()) continue;
    const Elf64_Shdr& names = sections[section.sh_link];
    const auto text = file.records<char>(names.sh_offset, names.sh_size);
    for (const Elf64_Sym& symbol : file.records<Elf64_Sym>(section.sh_offset, section.sh_size / sizeof(Elf64_Sym))) {
      if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_name >= text.size()) continue;
      if (address < symbol.st_value || address >= symbol.st_value + std::max<std::uint64_t>(symbol.st_size, 1))
        continue;
      const char* name = text.data() + symbol.st_name;
      return std::string(name, ::strnlen(name, text.size() - symbol.st_name));
    }
  }
  return {};
}

void erase_all(std::string& text, std::string_view part) {
  for (std::size_t at; (at = text.find(part)) != std::string::npos;) text.erase(at, part.size());
}

/// "std::vector<int> ns::label<std::vector<int> >(Digit)" gives "label".
std::string bare_name(const std::string& mangled) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> demangled(
      abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status), &std::free);
  std::string full = status == 0 && demangled != nullptr ? demangled.get() : mangled;
  erase_all(full, "(anonymous namespace)::");
  erase_all(full, "[abi:cxx11]");
  std::string name;
  int depth = 0;  // of template arguments
  for (const char c : full) {
    if (c == '<') ++depth;
    if (depth == 0) name += c;
    if (c == '>' && depth > 0) --depth;
  }
  name = name.substr(0, name.find('('));
  name = name.substr(name.rfind(' ') + 1);
  return name.substr(name.rfind(':') + 1);
}

}  // namespace

namespace {

std::string read_function_name(const void* code) {
  SymbolModule module;
  module.code = reinterpret_cast<std::uintptr_t>(code);
  ::dl_iterate_phdr(find_module, &module);
  std::string symbol;
  if (!module.path.empty()) symbol = find_symbol(MappedFile(module.path.c_str()), module.code - module.base);
  Dl_info info{};
  if (symbol.empty() && ::dladdr(code, &info) != 0 && info.dli_sname != nullptr && info.dli_saddr == code) {
    symbol = info.dli_sname;
  }
  const std::string name = symbol.empty() ? std::string() : bare_name(symbol);
  return name.empty() ? "function" : name;
}

}  // namespace

std::string function_name(const void* code) {
  static Mutex mutex;
  static std::map<const void*, std::string> names GUARDED_BY(mutex);  // as many as a program hands over
  const Lock lock(mutex);
  const auto [found, is_new] = names.try_emplace(code);
  if (is_new) found->second = read_function_name(code);
  return found->second;
}

}  // namespace shoal::inline v1
