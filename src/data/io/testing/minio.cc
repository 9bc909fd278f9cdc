#include "data/io/testing/minio.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>
#include <vector>

#include "base/random_bytes.h"
#include "base/testing/source_root.h"
#include "data/io/s3_store.h"
#include "data/io/testing/loopback.h"

namespace shoal::data {
namespace {

constexpr int k_start_ms_max = 30'000;
constexpr int k_probe_ms = 20;

int free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(fd);
  return bound ? ntohs(address.sin_port) : 0;
}

/// True where the server at the port says that it is ready.
bool answers(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  const timeval limit{2, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  bool ready = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (ready) {
    const std::string request = "GET /minio/health/cluster HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    char reply[64] = {};
    ready = ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()) &&
            ::recv(fd, reply, sizeof reply - 1, 0) > 12 && std::strncmp(reply + 9, "200", 3) == 0;
  }
  ::close(fd);
  return ready;
}

/// Whether it answers a request that is signed with its keys: another server that has the port would not.
bool knows_its_keys(StorageOptions options, const std::string& certificate) {
  if (!certificate.empty()) options.ca_file = certificate;
  options.deadline_s = 1;
  const auto store = make_s3_store(options);
  return store.ok() && (*store)->root_exists("ready").ok();
}

std::string minio_binary() {
  if (const char* given = std::getenv("SHOAL_MINIO")) return given;
  return source_root() + "/.deps/bin/minio";
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// The environment of the server: this process's without AWS_* and MINIO_*, plus its own settings.
std::vector<std::string> server_environment(const std::string& user, const std::string& password) {
  std::vector<std::string> all = {"MINIO_ROOT_USER=" + user, "MINIO_ROOT_PASSWORD=" + password, "MINIO_BROWSER=off",
                                  "MINIO_UPDATE=off", "MINIO_CALLHOME_ENABLE=off"};
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (text.rfind("MINIO_", 0) != 0 && text.rfind("AWS_", 0) != 0) all.push_back(text);
  }
  return all;
}

std::vector<char*> pointers_of(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Runs in the child: only calls that are safe after fork in a process with threads.
[[noreturn]] void become_server(const char* binary, char** arguments, char** environment, pid_t parent, int log) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);
  ::setpgid(0, 0);  // the terminal's Ctrl-C is for the test, which then stops the server itself
  ::dup2(log, 1);
  ::dup2(log, 2);
  ::execve(binary, arguments, environment);
  ::_exit(127);
}

}  // namespace

std::string unique_bucket(const std::string& stem) { return stem + "-" + random_name(); }

Result<std::unique_ptr<MinioServer>> MinioServer::start(const Options& options) {
  Status last(ErrorCode::unavailable, "no free port on 127.0.0.1");
  for (int attempt = 0; attempt < 3; ++attempt) {  // another process may take the free port first
    std::unique_ptr<MinioServer> server(new MinioServer);
    last = server->launch(options);
    if (last.code() == ErrorCode::not_found) return last;
    if (last.ok()) last = server->wait_until_ready();
    if (last.ok()) return server;
  }
  return last;
}

Status MinioServer::launch(const Options& options) {
  const std::string binary = minio_binary();
  if (::access(binary.c_str(), X_OK) != 0) {
    return Status(ErrorCode::not_found, "no MinIO at " + binary + "; run tools/setup or set SHOAL_MINIO");
  }
  port_ = free_port();
  access_key_ = "test" + random_name();
  secret_key_ = random_name() + random_name();
  std::string folder = (std::filesystem::temp_directory_path() / "shoal-minio-XXXXXX").string();
  if (port_ == 0 || ::mkdtemp(folder.data()) == nullptr) {
    return Status(ErrorCode::unavailable, "no port or no temporary folder for MinIO");
  }
  temporary_ = folder;
  const bool tls = !options.tls_folder.empty();
  const std::string address = "127.0.0.1:" + std::to_string(port_);
  endpoint_ = (tls ? "https://" : "http://") + address;
  const std::string data = options.data_folder.empty() ? folder + "/data" : options.data_folder;
  const std::string certificates = tls ? options.tls_folder : folder + "/certs";
  if (tls) certificate_ = certificates + "/public.crt";
  std::filesystem::create_directories(data);
  std::filesystem::create_directories(certificates);

  std::vector<std::string> arguments = {binary, "server", "--address", address, "--certs-dir", certificates, data};
  std::vector<std::string> environment = server_environment(access_key_, secret_key_);
  std::vector<char*> argument_pointers = pointers_of(arguments);
  std::vector<char*> environment_pointers = pointers_of(environment);
  const int log = ::open((folder + "/log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become_server(binary.c_str(), argument_pointers.data(), environment_pointers.data(), parent, log);
  ::close(log);
  if (pid_ < 0) return Status(ErrorCode::unavailable, std::string("fork: ") + std::strerror(errno));
  pid_fd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  return Status();
}

Status MinioServer::wait_until_ready() {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::milliseconds(k_start_ms_max);
  while (std::chrono::steady_clock::now() < limit) {
    const bool is_up = !certificate_.empty() || answers(port_);
    if (is_up && knows_its_keys(storage_options(), certificate_)) return Status();
    pollfd exited{pid_fd_, POLLIN, 0};  // waits for the process's end, so a server that fails is seen at once
    if (::poll(&exited, 1, k_probe_ms) == 1) {
      return Status(ErrorCode::unavailable,
                    "MinIO at " + endpoint_ + " ended at once: " + text_of(temporary_ + "/log"));
    }
  }
  return Status(ErrorCode::unavailable, "MinIO at " + endpoint_ + " did not answer within 30 s");
}

void MinioServer::stop() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  pollfd exited{pid_fd_, POLLIN, 0};
  if (::poll(&exited, 1, 5000) != 1) ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  ::close(pid_fd_);
  pid_ = -1;
}

MinioServer::~MinioServer() {
  stop();
  std::error_code ignored;
  if (!temporary_.empty()) std::filesystem::remove_all(temporary_, ignored);
}

StorageOptions MinioServer::storage_options() const {
  StorageOptions options;
  options.endpoint = endpoint_;
  options.region = "us-east-1";
  options.access_key = access_key_;
  options.secret_key = secret_key_;
  return options;
}

MinioServer& shared_minio() {
  static const std::unique_ptr<MinioServer> server = [] {
    auto started = MinioServer::start();
    if (!started.ok()) {
      std::fprintf(stderr, "%s\n", started.status().text().c_str());
      std::abort();
    }
    return std::move(started).value();
  }();
  return *server;
}

}  // namespace shoal::data
