#pragma once

#include <cstddef>
#include <deque>
#include <type_traits>
#include <utility>
#include <vector>

#include <shoal/api/actor.h>
#include <shoal/api/get.h>
#include <shoal/base/error.h>

namespace shoal::inline v1 {

/// Actors that share work: each has one call at a time, and the next one goes to whoever is free. For one thread; the
/// actors live as long as handles do.
///
///     shoal::ActorPool<Classifier> pool(4, {.num_gpus = 1}, "model.onnx");
///     for (const Label label : pool.map(&Classifier::classify, images)) ...
template <class T>
class ActorPool {
 public:
  /// Of actors that are there.
  explicit ActorPool(std::vector<Actor<T>> actors) : idle_(actors.begin(), actors.end()) {
    if (idle_.empty()) throw InvalidArgument(ErrorCode::invalid_argument, "ActorPool: it needs at least one actor");
  }
  /// Of `count` new ones, see spawn().
  template <class... A>
  ActorPool(std::size_t count, const ActorOptions& options, const A&... arguments)
      : ActorPool(spawn_all(count, options, arguments...)) {}

  /// Calls the member function for each element of `inputs`, a vector of values or of references, and gives the results in
  /// that order. Throws what the first that failed threw, in that order.
  template <class M, class Input>
  auto map(M method, const std::vector<Input>& inputs) {
    using Result = std::remove_cvref_t<typename detail::Signature<M>::Result>;
    std::vector<Ref<Result>> results;
    results.reserve(inputs.size());
    for (const Input& input : inputs) results.push_back(submit(method, input));
    return get(results);
  }

  /// Calls it on an actor that has nothing to do; waits for one where all have.
  template <class M, class... A>
  auto submit(M method, A&&... arguments) {
    if (idle_.empty()) wait_for_one();
    Actor<T> actor = std::move(idle_.front());
    idle_.pop_front();
    auto result = actor.call(method, std::forward<A>(arguments)...);
    busy_.push_back({std::move(actor), detail::Handles::of(result)[0]});
    return result;
  }

 private:
  struct Busy {
    Actor<T> actor;
    detail::Handle result;
  };

  template <class... A>
  static std::vector<Actor<T>> spawn_all(std::size_t count, const ActorOptions& options, const A&... arguments) {
    std::vector<Actor<T>> actors;
    for (std::size_t i = 0; i < count; ++i) actors.push_back(spawn<T>(options, arguments...));
    return actors;
  }

  void wait_for_one() {
    std::vector<const detail::Handle*> results;
    for (const Busy& busy : busy_) results.push_back(&busy.result);
    const std::size_t done = detail::wait_some(results, 1, std::nullopt).front();
    idle_.push_back(std::move(busy_[done].actor));
    busy_.erase(busy_.begin() + static_cast<std::ptrdiff_t>(done));
  }

  std::deque<Actor<T>> idle_;
  std::vector<Busy> busy_;
};

}  // namespace shoal::inline v1
