// A small reinforcement-learning loop: an actor has the policy, others simulate a pole on a cart. Each simulator gets the
// next thing to try as soon as it is done with the last, whoever is first. What is learned does not depend on that order,
// so one seed gives one result. It ends when the pole stands 475 of 500 steps in the mean of 100 games never seen before.
#include <shoal/shoal.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <vector>

namespace {

using Weights = std::array<double, 4>;
constexpr int k_steps_max = 500, k_generations_max = 30;
constexpr std::size_t k_candidates = 32;
constexpr double k_solved = 475;

/// Position, speed, angle and its speed; pushed left or right every 20 ms. The equations of the usual cart and pole.
class CartPole {
 public:
  explicit CartPole(std::uint32_t seed) {
    std::mt19937 random(seed);
    for (double& value : state_) value = static_cast<double>(random()) / 4294967296.0 * 0.1 - 0.05;
  }

  const Weights& state() const { return state_; }
  bool has_fallen() const { return std::abs(state_[0]) > 2.4 || std::abs(state_[2]) > 12 * 3.14159265358979 / 180; }

  void push(bool right) {
    constexpr double k_pole = 0.1, k_total = 1.1, k_half_length = 0.5, k_step_s = 0.02;
    auto& [x, speed, angle, turning] = state_;
    const double sine = std::sin(angle), cosine = std::cos(angle);
    const double thrust = ((right ? 10 : -10) + k_pole * k_half_length * turning * turning * sine) / k_total;
    const double turn = (9.8 * sine - cosine * thrust) /
                        (k_half_length * (4.0 / 3 - k_pole * cosine * cosine / k_total));
    x += k_step_s * speed;
    speed += k_step_s * (thrust - k_pole * k_half_length * turn * cosine / k_total);
    angle += k_step_s * turning;
    turning += k_step_s * turn;
  }

 private:
  Weights state_{};
};

/// Steps that the pole stands.
double play(const Weights& weights, std::uint32_t seed) {
  CartPole game(seed);
  int steps = 0;
  while (steps < k_steps_max && !game.has_fallen()) {
    double lean = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) lean += weights[i] * game.state()[i];
    game.push(lean > 0);
    ++steps;
  }
  return steps;
}

class Simulator {
 public:
  double mean_reward(const Weights& weights, std::uint32_t seed) {
    double sum = 0;
    for (std::uint32_t game = 0; game < 4; ++game) sum += play(weights, seed + game);
    return sum / 4;
  }
};

/// Goes where the candidates did well that it tries around what it knows.
class Policy {
 public:
  explicit Policy(std::uint32_t seed) : random_(seed) {}

  Weights weights() const { return weights_; }
  std::vector<Weights> candidates() {
    noise_.assign(k_candidates, {});
    rewards_.assign(k_candidates, 0);
    std::vector<Weights> all;
    for (Weights& noise : noise_) {
      Weights candidate = weights_;
      for (std::size_t i = 0; i < noise.size(); ++i) candidate[i] += noise[i] = normal_(random_);
      all.push_back(candidate);
    }
    return all;
  }
  void score(std::size_t candidate, double reward) { rewards_[candidate] = reward; }
  /// The mean reward of the candidates, of which it learns.
  double learn() {
    double mean = 0, deviation = 0;
    for (const double reward : rewards_) mean += reward / k_candidates;
    for (const double reward : rewards_) deviation += (reward - mean) * (reward - mean) / k_candidates;
    for (std::size_t c = 0; c < k_candidates && deviation > 0; ++c) {
      const double pull = (rewards_[c] - mean) / std::sqrt(deviation) / k_candidates;
      for (std::size_t i = 0; i < weights_.size(); ++i) weights_[i] += pull * noise_[c][i];
    }
    return mean;
  }

 private:
  std::mt19937 random_;
  std::normal_distribution<double> normal_;
  Weights weights_{};
  std::vector<Weights> noise_;
  std::vector<double> rewards_;
};

struct Trial {
  shoal::Ref<double> reward;
  std::size_t candidate = 0;
  std::size_t simulator = 0;
};

/// One candidate after the other to whichever simulator is free.
void try_all(const std::vector<shoal::Actor<Simulator>>& simulators, const shoal::Actor<Policy>& policy,
             std::uint32_t seed) {
  const std::vector<Weights> candidates = shoal::get(policy.call(&Policy::candidates));
  std::vector<Trial> running;
  std::size_t next = 0;
  const auto start = [&](std::size_t simulator) {
    if (next == candidates.size()) return;
    running.push_back({simulators[simulator].call(&Simulator::mean_reward, candidates[next], seed), next, simulator});
    ++next;
  };
  for (std::size_t i = 0; i < simulators.size(); ++i) start(i);
  while (!running.empty()) {
    std::vector<shoal::Ref<double>> rewards;
    for (const Trial& trial : running) rewards.push_back(trial.reward);
    const shoal::Ref<double> first = shoal::wait(rewards).ready[0];
    const auto done = std::find_if(running.begin(), running.end(), [&](const Trial& t) { return t.reward == first; });
    const Trial trial = *done;
    running.erase(done);
    policy.call(&Policy::score, trial.candidate, trial.reward);  // the reward goes from actor to actor
    start(trial.simulator);
  }
}

double mean_of_new_games(const Weights& weights) {
  std::vector<shoal::Ref<double>> rewards;
  for (std::uint32_t game = 0; game < 100; ++game) rewards.push_back(shoal::submit(play, weights, 1'000'000 + game));
  double sum = 0;
  for (const double reward : shoal::get(rewards)) sum += reward;
  return sum / 100;
}

}  // namespace

/// `cart_pole [SEED]`
int main(int argc, char** argv) {
  const shoal::Session session(argc, argv);
  const auto seed = static_cast<std::uint32_t>(argc > 1 ? std::atoi(argv[1]) : 2);
  const shoal::Actor<Policy> policy = shoal::spawn<Policy>(seed);
  std::vector<shoal::Actor<Simulator>> simulators;
  for (int i = 0; i < 4; ++i) simulators.push_back(shoal::spawn<Simulator>());

  for (int generation = 1; generation <= k_generations_max; ++generation) {
    try_all(simulators, policy, seed * 10'000 + static_cast<std::uint32_t>(generation) * 10);
    const double tried = shoal::get(policy.call(&Policy::learn));
    const double reward = mean_of_new_games(shoal::get(policy.call(&Policy::weights)));
    std::cout << "generation " << generation << ": candidates " << tried << ", policy " << reward << "\n";
    if (reward >= k_solved) return 0;
  }
  return 1;
}
