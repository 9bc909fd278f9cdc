#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <shoal/shoal.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "api/testing/captured.h"
#include "base/testing/temp_folder.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using testing::Captured;
using ::testing::HasSubstr;

/// Lines of `text` that begin with the tag, without it.
std::vector<std::string> lines_of(const std::string& text, const std::string& tag) {
  std::vector<std::string> lines;
  std::istringstream all(text);
  for (std::string line; std::getline(all, line);) {
    if (line.rfind(tag, 0) == 0) lines.push_back(line.substr(tag.size()));
  }
  return lines;
}

std::string tag_of(const std::string& task, int pid) { return "(" + task + " pid " + std::to_string(pid) + ") "; }

using Lines = std::vector<std::string>;

/// A session with worker processes, and what it prints.
class WorkerOutputTest : public ::testing::Test {
 protected:
  void begin(int processes = 1) { session_.emplace(SessionOptions{.processes = processes}); }
  /// Everything is printed then.
  void end() { session_.reset(); }

  Captured captured_;
  std::optional<Session> session_;
};

TEST_F(WorkerOutputTest, SaysWhichTaskWroteALine) {
  begin();
  const int pid = get(submit({.name = "greet"}, [] {
    std::cout << "hello" << std::endl;
    std::cerr << "careful\n";
    return ::getpid();
  }));
  get(submit({.name = "leave"}, [] { std::printf("no line break"); }));
  get(submit({.name = "greet"}, [] { std::puts("again"); }));
  end();
  EXPECT_EQ(lines_of(captured_.out(), tag_of("greet", pid)), (Lines{"hello", "again"}));
  EXPECT_EQ(lines_of(captured_.err(), tag_of("greet", pid)), (Lines{"careful"}));
  EXPECT_EQ(lines_of(captured_.out(), tag_of("leave", pid)), (Lines{"no line break"}));
}

/// Says something whenever it is called.
class Parrot {
 public:
  Parrot() { std::puts("born"); }
  int say(const std::string& text) {
    std::puts(text.c_str());
    return ::getpid();
  }
};

TEST_F(WorkerOutputTest, OfAnActorItSaysTheActor) {
  begin();
  const auto parrot = spawn<Parrot>();
  const int pid = get(parrot.call(&Parrot::say, std::string("hello")));
  end();
  EXPECT_THAT(captured_.out(), HasSubstr("Parrot pid " + std::to_string(pid) + ") born\n"));
  EXPECT_THAT(captured_.out(), HasSubstr("Parrot pid " + std::to_string(pid) + ") hello\n"));
}

TEST_F(WorkerOutputTest, WhatTheProgramWritesIsUntouched) {
  begin();
  get(submit([] { std::puts("theirs"); }));
  std::puts("own");
  end();
  EXPECT_EQ(lines_of(captured_.out(), "own"), (Lines{""}));
}

TEST_F(WorkerOutputTest, KeepsTheOrderOfMuch) {
  constexpr int k_lines = 100'000;  // 10 MB
  begin();
  const int pid = get(submit({.name = "count"}, [] {
    const std::string rest(94, 'x');
    for (int i = 0; i < k_lines; ++i) std::printf("%05d %s\n", i, rest.c_str());
    return ::getpid();
  }));
  end();
  const Lines lines = lines_of(captured_.out(), tag_of("count", pid));
  ASSERT_EQ(lines.size(), static_cast<std::size_t>(k_lines));
  for (int i = 0; i < k_lines; ++i) ASSERT_EQ(std::atoi(lines[static_cast<std::size_t>(i)].c_str()), i);
}

TEST_F(WorkerOutputTest, NothingIsLostWithAProcessThatIsKilled) {
  begin();
  const Ref<void> lost = submit({.max_retries = 0, .name = "dies"}, [] {
    for (int i = 0; i < 1'000; ++i) std::printf("%d\n", i);
    std::fputs("last words", stderr);
    ::raise(SIGKILL);
  });
  EXPECT_THROW(get(lost), WorkerDied);
  end();
  std::istringstream out(captured_.out());
  int count = 0;
  for (std::string line; std::getline(out, line); ++count) {
    ASSERT_THAT(line, HasSubstr(") " + std::to_string(count))) << "in order";
  }
  EXPECT_EQ(count, 1'000);
  EXPECT_THAT(captured_.err(), HasSubstr(") last words\n"));
}

TEST_F(WorkerOutputTest, AnyBytesDoNoHarm) {
  begin();
  const int pid = get(submit({.name = "noise"}, [] {
    std::mt19937 random(1);
    for (int i = 0; i < 1'000'000; ++i) std::putchar(static_cast<int>(random() % 256));
    return ::getpid();
  }));
  get(submit({.name = "sane"}, [] { std::puts("still here"); }));
  end();
  EXPECT_EQ(lines_of(captured_.out(), tag_of("sane", pid)), (Lines{"still here"}));
}

TEST_F(WorkerOutputTest, EachProcessHasFilesWhereThereIsAFolder) {
  const TempFolder folder;
  ::setenv("SHOAL_LOG_DIR", folder.path().c_str(), 1);
  begin(2);
  const int pid = get(submit([] {
    std::puts("to a file");
    return ::getpid();
  }));
  end();
  ::unsetenv("SHOAL_LOG_DIR");
  const std::string name = std::string("shoal-") + program_invocation_short_name + "-" + std::to_string(pid) + ".out";
  std::ifstream file(folder / name);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "to a file\n");
}

}  // namespace
}  // namespace shoal
