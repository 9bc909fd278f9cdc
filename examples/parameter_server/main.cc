// Training with a parameter server: an actor holds the weights, tasks hold a part of the data each. A worker takes the
// weights, computes a gradient, sends it, and goes on without waiting for the other workers. It finds the line that the
// data was made of. `parameter_server --small` has fewer rows.
#include <shoal/shoal.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <random>
#include <vector>

namespace {

using Vector = std::vector<double>;

struct Shard {
  std::vector<Vector> features;
  Vector targets;
};

class ParameterServer {
 public:
  explicit ParameterServer(std::size_t size, double rate) : weights_(size), rate_(rate) {}

  void apply(const Vector& gradient) {
    for (std::size_t i = 0; i < weights_.size(); ++i) weights_[i] -= rate_ * gradient[i];
    ++updates_;
  }
  Vector weights() const { return weights_; }
  int updates() const { return updates_; }

 private:
  Vector weights_;
  double rate_ = 0;
  int updates_ = 0;
};

double product(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// Rows of a known line with some noise, made where they are used.
Shard make_shard(Vector truth, int rows, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  Shard shard;
  for (int row = 0; row < rows; ++row) {
    Vector features(truth.size());
    for (double& feature : features) feature = normal(random);
    shard.targets.push_back(product(features, truth) + 0.01 * normal(random));
    shard.features.push_back(std::move(features));
  }
  return shard;
}

/// Of half the mean squared error.
Vector gradient_of(const Shard& shard, const Vector& weights) {
  Vector gradient(weights.size());
  const double rows = static_cast<double>(shard.targets.size());
  for (std::size_t row = 0; row < shard.targets.size(); ++row) {
    const double error = product(shard.features[row], weights) - shard.targets[row];
    for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] += error * shard.features[row][i] / rows;
  }
  return gradient;
}

void train(shoal::Actor<ParameterServer> server, const Shard& shard, int steps) {
  shoal::Ref<void> sent;
  for (int step = 0; step < steps; ++step) {
    const Vector weights = shoal::get(server.call(&ParameterServer::weights));
    sent = server.call(&ParameterServer::apply, gradient_of(shard, weights));
  }
  shoal::get(sent);  // calls of one task run in their order: when the last is done, all are
}

}  // namespace

int main(int argc, char** argv) {
  const shoal::Session session(argc, argv);
  const bool is_small = argc > 1 && std::strcmp(argv[1], "--small") == 0;
  constexpr int k_workers = 4, k_steps = 100;
  const Vector truth = {1.5, -2, 0.5, 3};

  const auto server = shoal::spawn<ParameterServer>({.name = "weights"}, truth.size(), 0.05);
  std::vector<shoal::Ref<void>> workers;
  for (std::uint32_t i = 0; i < k_workers; ++i) {
    const shoal::Ref<Shard> shard = shoal::submit(make_shard, truth, is_small ? 200 : 20'000, i);
    workers.push_back(shoal::submit(train, server, shard, k_steps));
  }
  shoal::get(workers);

  const Vector found = shoal::get(server.call(&ParameterServer::weights));
  double worst = 0;
  std::cout << shoal::get(server.call(&ParameterServer::updates)) << " updates; weights:";
  for (std::size_t i = 0; i < found.size(); ++i) {
    std::cout << " " << found[i];
    worst = std::max(worst, std::abs(found[i] - truth[i]));
  }
  std::cout << "\nthe one that is farthest off: " << worst << "\n";
  return worst < 0.01 ? 0 : 1;
}
