// Results in the order in which they come: what is done first is worked on first, and what is not done in time is given
// up. The tasks ask a service that is sometimes slow, so they nap and take no CPU.
#include <shoal/shoal.h>

#include <chrono>
#include <iostream>
#include <thread>
#include <utility>
#include <vector>

namespace {

using std::chrono_literals::operator""ms;
using Clock = std::chrono::steady_clock;

struct Answer {
  int question = 0;
  int value = 0;
};

/// Every seventh answer takes long. A task that is cancelled while it runs is told, and ends.
Answer ask(int question) {
  const int naps = question % 7 == 0 ? 1000 : question % 5;
  for (int i = 0; i < naps && !shoal::is_cancelled(); ++i) std::this_thread::sleep_for(5ms);
  return {question, question * question};
}

std::vector<shoal::Ref<Answer>> ask_all(int questions) {
  std::vector<shoal::Ref<Answer>> answers;
  for (int i = 1; i <= questions; ++i) answers.push_back(shoal::submit({.num_cpus = 0, .name = "ask"}, ask, i));
  return answers;
}

}  // namespace

int main(int argc, char** argv) {
  const shoal::Session session(argc, argv);
  std::vector<shoal::Ref<Answer>> pending = ask_all(20);
  const auto begin = Clock::now();

  int answered = 0;
  std::cout << "answers to";
  while (!pending.empty()) {
    auto [ready, rest] = shoal::wait(std::move(pending), {.timeout = 500ms});
    pending = std::move(rest);
    if (ready.empty()) break;  // nothing came for half a second
    const Answer answer = shoal::get(ready[0]);
    std::cout << " " << answer.question;
    if (answer.value == answer.question * answer.question) ++answered;
  }

  std::cout << "\n" << answered << " answers; given up: " << pending.size() << "\n";
  for (const shoal::Ref<Answer>& late : pending) shoal::cancel(late);
  int cancelled = 0;
  for (const shoal::Ref<Answer>& late : pending) {
    try {
      shoal::get(late);
    } catch (const shoal::Cancelled&) { ++cancelled; }
  }
  std::cout << cancelled << " cancelled, after "
            << std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin).count() << " ms\n";
  return answered == 18 && cancelled == 2 ? 0 : 1;
}
