#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "base/posix.h"
#include "cli/clusters.h"
#include "cli/text.h"
#include "cli/verb.h"
#include "net/socket_path.h"
#include "shell/joined.h"
#include "shell/machine.h"
#include "shell/memory/memory_group.h"
#include "shell/peers.h"

namespace shoal::cli {
namespace {

constexpr Option k_options[] = {k_temp_dir};

enum class Verdict { good, doubtful, bad };

struct Finding {
  Verdict verdict = Verdict::good;
  std::string what;
  std::string remedy;  ///< Empty where it is good.
};

std::string because(int error) { return std::string(::strerror(error)); }

Finding check_limit(const char* name, int resource, rlim_t least, const char* remedy) {
  rlimit limit{};
  ::getrlimit(static_cast<__rlimit_resource>(resource), &limit);
  const std::string text = limit.rlim_cur == RLIM_INFINITY ? "unlimited" : std::to_string(limit.rlim_cur);
  if (limit.rlim_cur >= least) return {Verdict::good, fmt::format("{}: {}", name, text), ""};
  return {Verdict::doubtful, fmt::format("{}: {}, and {} are advised", name, text, least), remedy};
}

Finding check_files() {
  return check_limit("open files", RLIMIT_NOFILE, 4096, "ulimit -n 4096: each worker costs a few descriptors");
}
Finding check_processes() {
  return check_limit("processes and threads", RLIMIT_NPROC, 4096, "ulimit -u 4096: workers are processes");
}

Finding check_pidfd() {
  const Fd self(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  if (self.is_open()) return {Verdict::good, "process descriptors (pidfd): there", ""};
  return {Verdict::bad, "process descriptors (pidfd): " + because(errno),
          "Linux 5.3 or later, and a container that allows pidfd_open: without it no worker is started"};
}

Finding check_memfd() {
  const Fd memory(::memfd_create("shoal-doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (memory.is_open() && ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK) == 0) {
    return {Verdict::good, "sealed anonymous memory (memfd): there; /dev/shm is not used", ""};
  }
  return {Verdict::bad, "sealed anonymous memory (memfd): " + because(errno),
          "allow memfd_create in this container: values are to be shared in it"};
}

Finding check_close_range() {
  if (::syscall(SYS_close_range, ~0U, ~0U, 0) == 0) return {Verdict::good, "close_range: there", ""};
  return {Verdict::bad, "close_range: " + because(errno),
          "Linux 5.11 or later: without it workers would have descriptors that are not theirs"};
}

Finding check_names_of_sockets() {
  const auto address = net::unix_address(shell::make_meeting());
  const auto socket = net::unix_socket();
  const bool is_there = address.ok() && socket.ok() &&
                        ::bind(socket->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0;
  if (is_there) return {Verdict::good, "Unix sockets in the abstract namespace: there", ""};
  return {Verdict::bad, "Unix sockets in the abstract namespace: " + because(errno),
          "allow them in this container: workers find each other by them"};
}

Finding check_ptrace() {
  std::ifstream file("/proc/sys/kernel/yama/ptrace_scope");
  int scope = 0;
  if (!(file >> scope)) scope = 0;
  if (scope < 3) return {Verdict::good, fmt::format("ptrace scope: {}", scope), ""};
  return {Verdict::doubtful, "ptrace scope: 3, no process may be debugged", "stacks of workers cannot be looked at"};
}

Finding check_cgroup() {
  const shell::Machine machine = shell::read_machine();
  return {Verdict::good,
          fmt::format("CPUs {:g} and memory {} may be used here (affinity and cgroups)", machine.cpus,
                      bytes(machine.memory)),
          ""};
}

Finding check_memory_limits() {
  const auto place = shell::find_group_place();
  if (place.ok()) {
    return {Verdict::good, fmt::format("limits of memory: held by control groups, version {}", place->version), ""};
  }
  return {Verdict::doubtful, "limits of memory: held by looking at workers every 50 ms; " + place.status().text(),
          "let programs make groups below their own; without, a task may get above its limit for a moment"};
}

Finding check_temp(const std::string& folder) {
  const std::string parent = folder.substr(0, folder.rfind('/'));
  const std::string path = folder + "/default/socket";
  if (const auto address = net::unix_address(path); !address.ok()) {
    return {Verdict::bad, "folder of clusters: " + address.status().text(), "choose a shorter --temp-dir"};
  }
  struct stat found{};
  if (::lstat(folder.c_str(), &found) == 0) {
    const bool is_own = S_ISDIR(found.st_mode) && found.st_uid == ::geteuid() && (found.st_mode & 07777) == 0700;
    if (is_own) return {Verdict::good, "folder of clusters: " + folder + ", this user's alone", ""};
    return {Verdict::bad, "folder of clusters: " + folder + " is not this user's alone, a folder with mode 0700",
            "remove it, or choose another --temp-dir"};
  }
  if (::access(parent.c_str(), W_OK | X_OK) == 0) {
    return {Verdict::good, "folder of clusters: " + folder + " can be made", ""};
  }
  return {Verdict::bad, "folder of clusters: " + parent + ": " + because(errno), "choose another --temp-dir"};
}

Finding check_stale(const std::string& folder) {
  const auto stale = shell::stale_folders(folder);
  if (!stale.ok() || stale->empty()) return {Verdict::good, "left by daemons that were killed: nothing", ""};
  std::string names;
  for (const std::string& each : *stale) names += (names.empty() ? "" : ", ") + each;
  return {Verdict::doubtful, "left by daemons that were killed: " + names,
          "shoal stop removes it, and the next start takes it over"};
}

void check_running(const std::string& folder, std::vector<Finding>& findings) {
  const auto clusters = shell::running_clusters(folder);
  if (!clusters.ok())
    return findings.push_back({Verdict::bad, "clusters that run: " + clusters.status().text(), "see above"});
  if (clusters->empty()) findings.push_back({Verdict::good, "clusters that run: none", ""});
  for (const shell::RunningCluster& each : *clusters) {
    const auto status = shell::ask_status(each);
    if (status.ok()) {
      findings.push_back({Verdict::good,
                          fmt::format("cluster in {}: process {} answers, {} programs, {} workers", each.folder,
                                      each.pid, status->drivers.size(), status->workers.size()),
                          ""});
    } else {
      findings.push_back({Verdict::bad, fmt::format("cluster in {}: {}", each.folder, status.status().text()),
                          fmt::format("shoal stop --address {} --force, if it is to go", each.folder)});
    }
  }
}

Result<int> examine(const Arguments& arguments) {
  const std::string folder = user_folder(arguments);
  std::vector<Finding> findings = {check_cgroup(),      check_memory_limits(), check_files(),
                                   check_processes(),   check_pidfd(),         check_memfd(),
                                   check_close_range(), check_ptrace(),        check_names_of_sockets(),
                                   check_temp(folder),  check_stale(folder)};
  check_running(folder, findings);
  constexpr std::array<const char*, 3> k_marks = {"ok", "hm", "BAD"};
  for (const Finding& each : findings) {
    fmt::print("{:<4} {}\n", k_marks[static_cast<std::size_t>(each.verdict)], printable(each.what));
    if (!each.remedy.empty()) fmt::print("     -> {}\n", printable(each.remedy));
  }
  const auto is_bad = [](const Finding& each) { return each.verdict == Verdict::bad; };
  return std::any_of(findings.begin(), findings.end(), is_bad) ? k_failed : k_done;
}

}  // namespace

constinit const Verb k_doctor{"doctor", "", "Looks for what would be in the way on this machine, with the remedy",
                              k_options, examine};

}  // namespace shoal::cli
