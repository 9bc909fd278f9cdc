#include "shell/memory/memory_group.h"

#include <fmt/format.h>
#include <shoal/base/log.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include "shell/memory/kernel_file.h"
#include "shell/memory/own_group.h"
#include "shell/peer_process.h"

namespace shoal::shell {
namespace {

namespace fs = std::filesystem;

constexpr const char* k_peak_v1 = "memory.max_usage_in_bytes";

Status no_groups(const std::string& why) {
  return {ErrorCode::unavailable, "there are no memory control groups: " + why};
}

std::string first_line_of(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// The folder of a group: a mount shows a hierarchy from one of its groups on, in containers their own.
std::optional<fs::path> folder_of(const fs::path& root, const OwnGroup& own) {
  std::ifstream mounts(root / "proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string number, parent, device, shown, at, word, kind, source, options;
    fields >> number >> parent >> device >> shown >> at;
    while (fields >> word && word != "-") {}
    fields >> kind >> source >> options;
    const bool counts = own.version == 2 ? kind == "cgroup2" : kind == "cgroup" && has_word(options, "memory", ',');
    if (!counts) continue;
    const std::string above = shown == "/" ? "" : shown;
    const bool is_shown = own.name.compare(0, above.size(), above) == 0 &&
                          (own.name.size() == above.size() || own.name[above.size()] == '/');
    const bool is_inside = own.name.compare(0, 3, "/..") != 0;
    if (is_shown && is_inside)
      return root / fs::path(at).relative_path() / fs::path(own.name.substr(above.size())).relative_path();
  }
  return std::nullopt;
}

/// Why a group of version 2 does not let those below it count memory; empty where it does, or can be told to.
std::string in_the_way_of_v2(const fs::path& folder) {
  if (has_word(first_line_of(folder / "cgroup.subtree_control"), "memory", ' ')) return {};
  if (!has_word(first_line_of(folder / "cgroup.controllers"), "memory", ' ')) {
    return "memory is not counted in " + folder.string();
  }
  std::error_code fault;
  const bool is_topmost = !fs::exists(folder / "cgroup.type", fault);
  return is_topmost ? "" : "in version 2 a group has none below it that count memory while processes are in it";
}

/// With those that the worker made in there, should it have. The files in it are the system's and go by themselves.
bool remove_group(const fs::path& folder) {
  if (::rmdir(folder.c_str()) == 0) return true;
  std::error_code fault;
  for (fs::directory_iterator at(folder, fault), end; !fault && at != end; at.increment(fault)) {
    if (at->is_directory(fault)) remove_group(at->path());
  }
  return ::rmdir(folder.c_str()) == 0 || errno == ENOENT;
}

/// Those in which something runs stay.
void remove_abandoned(const fs::path& place) {
  std::vector<fs::path> abandoned;
  std::error_code fault;
  for (fs::directory_iterator at(place, fault), end; !fault && at != end; at.increment(fault)) {
    const std::string name = at->path().filename();
    pid_t maker = 0, worker = 0;
    unsigned long long began = 0;
    if (std::sscanf(name.c_str(), "shoal-%d-%llu-%d", &maker, &began, &worker) != 3) continue;
    if (start_time_of(maker) != began) abandoned.push_back(at->path());
  }
  for (const fs::path& each : abandoned) remove_group(each);
}

}  // namespace

Result<GroupPlace> find_group_place(const fs::path& root) {
  const OwnGroup own = own_group(root);
  if (own.version == 0) return no_groups("this system counts none");
  const auto folder = folder_of(root, own);
  if (!folder) return no_groups(own.name + " is not to be seen from here");
  if (::access(folder->c_str(), W_OK | X_OK) != 0) {
    return no_groups(fmt::format("{}: {}", folder->string(), std::strerror(errno)));
  }
  const std::string why = own.version == 2 ? in_the_way_of_v2(*folder) : "";
  if (!why.empty()) return no_groups(why);
  return GroupPlace{*folder, own.version};
}

// --- All of a node.

MemoryGroups::MemoryGroups(const fs::path& root) : place_(find_group_place(root)) {
  if (place_.ok()) remove_abandoned(place_->folder);
}

const GroupPlace* MemoryGroups::place() {
  if (!place_.ok()) give_up(place_.status());
  return is_given_up_.load() ? nullptr : &*place_;
}

void MemoryGroups::give_up(const Status& why) {
  if (is_given_up_.exchange(true)) return;
  log::info("limits of memory are held by looking at workers every now and then; {}", why.text());
}

// --- One.

void MemoryGroup::limit(std::int64_t bytes) {
  const Lock lock(mutex_);
  if (is_closed_) return;
  if (folder_.empty()) {
    if (bytes > 0) begin(bytes);
    return;
  }
  const int error = set(bytes);
  if (error == 0) return;
  set(0);
  // EBUSY: it has more than that from before, and whoever looks at it sees so.
  if (error != EBUSY) home_.give_up(errno_status(error, "limit the memory of", folder_.string()));
}

void MemoryGroup::begin(std::int64_t bytes) {
  const GroupPlace* const place = home_.place();
  if (place == nullptr) return;
  if (const Status made = make(*place); !made.ok()) return home_.give_up(made);
  int error = set(bytes);
  if (error == 0) error = write_to(folder_ / "cgroup.procs", std::to_string(worker_));
  if (error == 0) return;
  limit_ = 0;
  const fs::path folder = std::exchange(folder_, {});
  remove_group(folder);
  if (error != ESRCH) home_.give_up(errno_status(error, "limit a worker by", folder.string()));  // else it has ended
}

Status MemoryGroup::make(const GroupPlace& place) {
  const fs::path passed_on = place.folder / "cgroup.subtree_control";
  if (place.version == 2 && !has_word(first_line_of(passed_on), "memory", ' ')) {
    if (const int error = write_to(passed_on, "+memory")) return errno_status(error, "write to", passed_on.string());
  }
  const pid_t maker = ::getpid();
  fs::path folder = place.folder / fmt::format("shoal-{}-{}-{}", maker, start_time_of(maker).value_or(0), worker_);
  if (::mkdir(folder.c_str(), S_IRWXU) != 0) return errno_status(errno, "make the control group", folder.string());
  folder_ = std::move(folder);
  version_ = place.version;
  return {};
}

/// An errno. The limit with swap, where there is one, is never below the one without. Where swap is not counted there is no
/// file for it.
int MemoryGroup::set(std::int64_t bytes) {
  const std::string text = bytes > 0 ? std::to_string(group_bytes(bytes)) : version_ == 1 ? "-1" : "max";
  const bool is_raised = bytes == 0 || (limit_ > 0 && bytes > limit_);
  const auto set_with_swap = [&]() REQUIRES(mutex_) {
    if (version_ == 1) write_to(folder_ / "memory.memsw.limit_in_bytes", text);
    if (version_ == 2) write_to(folder_ / "memory.swap.max", bytes > 0 ? "0" : "max");
  };
  if (is_raised) set_with_swap();
  const int error = write_to(folder_ / (version_ == 1 ? "memory.limit_in_bytes" : "memory.max"), text);
  if (error != 0) return error;
  if (!is_raised) set_with_swap();
  if (version_ == 1) write_to(folder_ / k_peak_v1, "0");
  limit_ = bytes;
  ended_before_ = ended();
  return 0;
}

std::int64_t MemoryGroup::ended() const {
  return value_in_file(folder_ / (version_ == 1 ? "memory.oom_control" : "memory.events"), "oom_kill");
}

std::optional<MemoryGroup::Reached> MemoryGroup::close() {
  const Lock lock(mutex_);
  is_closed_ = true;
  if (limit_ == 0 || ended() <= ended_before_) return std::nullopt;
  const std::int64_t most = group_bytes(limit_);
  const auto peak = number_in_file(folder_ / (version_ == 1 ? k_peak_v1 : "memory.peak"));  // of all tasks in version 2
  return Reached{.peak = std::min(peak.value_or(most), most), .limit = limit_};
}

void MemoryGroup::remove() {
  const Lock lock(mutex_);
  if (!folder_.empty() && remove_group(folder_)) folder_.clear();
}

}  // namespace shoal::shell
