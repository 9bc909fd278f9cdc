// A search for the best learning rate. Every trial is a task that takes a CPU and trains on a dataset, epoch by epoch; a
// board stops those that do badly. No more trials run at once than a cap allows: the next starts when one is done. The
// trials may hold all CPUs of the session: a task lends its own while it waits for batches.
#include <shoal/data.h>
#include <shoal/shoal.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <limits>
#include <map>
#include <utility>
#include <vector>

namespace sd = shoal::data;

namespace {

struct Number {
  std::int64_t id = 0;
};
struct Sample {
  double x = 0;
  double y = 0;
};
struct Outcome {
  double rate = 0;
  int epochs = 0;
  double loss = 0;
};

constexpr int k_epochs = 6;
constexpr std::int64_t k_rows = 2000;

Sample make_sample(Number number) {
  const double x = static_cast<double>(number.id % 100) / 100;
  return {x, 3 * x - 1};
}

/// Knows the best loss of every epoch, and says who may go on.
class Board {
 public:
  /// Not those that are ten times worse than the best was after as many epochs.
  bool report(int epoch, double loss) {
    double& best = best_.try_emplace(epoch, std::numeric_limits<double>::infinity()).first->second;
    best = std::min(best, loss);
    return loss <= 10 * best;
  }

 private:
  std::map<int, double> best_;
};

/// One epoch of y = a x + b; gives the mean loss.
double train_epoch(const sd::Dataset& samples, double rate, double& a, double& b) {
  double loss = 0, rows = 0;
  for (const sd::Batch& batch : samples.iter_batches({.batch_size = 50})) {
    const auto x = batch.column<double>("x"), y = batch.column<double>("y");
    double by_a = 0, by_b = 0;
    for (std::int64_t i = 0; i < batch.num_rows(); ++i) {
      const double error = a * x[i] + b - y[i];
      loss += error * error;
      by_a += error * x[i];
      by_b += error;
    }
    const auto size = static_cast<double>(batch.num_rows());
    a -= rate * by_a / size;
    b -= rate * by_b / size;
    rows += size;
  }
  return loss / rows;
}

Outcome try_rate(double rate, shoal::Actor<Board> board) {
  const sd::RunOptions run{.verbosity = sd::Verbosity::quiet};
  const sd::Dataset samples = sd::range(k_rows, {.parallelism = 8}, run).map(make_sample);
  Outcome outcome{rate};
  double a = 0, b = 0;
  bool goes_on = true;
  while (goes_on && outcome.epochs < k_epochs) {
    outcome.loss = train_epoch(samples, rate, a, b);
    ++outcome.epochs;
    goes_on = shoal::get(board.call(&Board::report, outcome.epochs, outcome.loss));
  }
  return outcome;
}

/// Never more than `cap` trials at once; outcomes as they come.
std::vector<Outcome> search(const std::vector<double>& rates, std::size_t cap) {
  const shoal::Actor<Board> board = shoal::spawn<Board>();
  std::vector<shoal::Ref<Outcome>> running;
  std::vector<Outcome> outcomes;
  std::size_t next = 0;
  while (outcomes.size() < rates.size()) {
    while (running.size() < cap && next < rates.size()) {
      running.push_back(shoal::submit({.num_cpus = 1, .name = "trial"}, try_rate, rates[next++], board));
    }
    auto [done, others] = shoal::wait(std::move(running));
    running = std::move(others);
    outcomes.push_back(shoal::get(done[0]));
    const Outcome& outcome = outcomes.back();
    std::cout << "  rate " << outcome.rate << ": loss " << outcome.loss << " after " << outcome.epochs << " epochs"
              << (outcome.epochs < k_epochs ? ", stopped early" : "") << "\n";
  }
  return outcomes;
}

double best_of(const std::vector<Outcome>& outcomes) {
  const auto best = std::min_element(outcomes.begin(), outcomes.end(), [](const Outcome& a, const Outcome& b) {
    return std::pair(-a.epochs, a.loss) < std::pair(-b.epochs, b.loss);
  });
  return best->rate;
}

}  // namespace

int main(int argc, char** argv) {
  const shoal::Session session(argc, argv, {.num_cpus = 4});

  bool found = true;
  std::cout << "four trials on four CPUs\n";
  found = best_of(search({0.01, 0.1, 1, 0.001}, 4)) == 1 && found;
  std::cout << "ten trials, three at once\n";
  found = best_of(search({0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 0.5, 0.2, 0.05}, 3)) == 1 && found;
  std::cout << (found ? "the best rate is 1\n" : "another rate won\n");
  return found ? 0 : 1;
}
