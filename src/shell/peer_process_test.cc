#include "shell/peer_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace shoal::shell {
namespace {

TEST(PeerProcess, IsFoundByNumberAndStartTime) {
  const auto start_time = start_time_of(::getpid());
  ASSERT_TRUE(start_time);
  EXPECT_TRUE(find_process(::getpid(), *start_time));
  EXPECT_FALSE(find_process(::getpid(), *start_time + 1)) << "another process of that number";
  EXPECT_FALSE(find_process(::getpid(), *start_time)->has_ended());
}

TEST(PeerProcess, ThatHasEndedIsNotFound) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  siginfo_t end{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &end, WEXITED | WNOWAIT), 0);
  EXPECT_FALSE(start_time_of(child)) << "it has ended, although nobody took it away";
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_FALSE(start_time_of(child));
}

TEST(PeerProcess, IsWhoTheSocketSays) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  Fd here(ends[0]), there(ends[1]);
  const auto peer = peer_of(here.get());
  ASSERT_TRUE(peer.ok());
  EXPECT_EQ(peer->pid, ::getpid());
  struct stat own{}, opened{};
  const Fd binary = open_of(*peer, "exe", O_RDONLY).value_or_throw();
  ASSERT_EQ(::fstat(binary.get(), &opened), 0);
  ASSERT_EQ(::stat("/proc/self/exe", &own), 0);
  EXPECT_EQ(opened.st_ino, own.st_ino);
  there.reset();
  EXPECT_EQ(peer_of(here.get()).status().code(), ErrorCode::unavailable) << "its end was closed, so it may be another";
}

/// What of this process's descriptor another could write to.
bool is_shared(int descriptor) {
  return output_of(*find_process(::getpid(), start_time_of(::getpid()).value()), descriptor).is_open();
}

TEST(PeerProcess, OutputIsSharedWhereNothingIsOverwritten) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Fd from(ends[0]), to(ends[1]);
  EXPECT_TRUE(is_shared(to.get()));

  std::string path = "/tmp/shoal-output-XXXXXX";
  const Fd written(::mkstemp(path.data()));
  ASSERT_TRUE(written.is_open());
  const Fd appended(::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  ::unlink(path.c_str());
  EXPECT_FALSE(is_shared(written.get()));
  EXPECT_TRUE(is_shared(appended.get()));
}

}  // namespace
}  // namespace shoal::shell
