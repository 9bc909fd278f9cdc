#include "data/io/http_concurrency.h"

#include <algorithm>

namespace shoal::data {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int k_first = 16;
constexpr int k_least = 4;                // where the server throttles
constexpr double k_gain = 1.1;            // a doubling that gives less is not worth its connections
constexpr milliseconds k_far{5};          // no reply came sooner: more than a busy server on the next machine takes
constexpr double k_waited_max = 2.5;      // times the soonest reply: within it more under way cost little
constexpr milliseconds k_window_min{20};  // shorter ones measure bursts
constexpr int k_window_replies = 2;       // times the limit
constexpr double k_bytes_per_request = 65536;  // bytes that cost as much as a request does
constexpr seconds k_pause_first{2}, k_pause_most{64};
constexpr seconds k_throttled{1};  // one halving for all the replies that one overload causes

}  // namespace

HttpConcurrency::HttpConcurrency(int most) : most_(most), limit_(std::min(k_first, most)), pause_(k_pause_first) {}

void HttpConcurrency::begin_window(HttpClock::time_point now) {
  began_ = now;
  replies_ = 0;
  work_ = 0;
  waited_ = {};
}

void HttpConcurrency::on_reply(HttpClock::time_point now, HttpClock::duration waited, std::int64_t bytes,
                               bool held_back) {
  least_waited_ = std::min(least_waited_, waited);
  if (!held_back) {
    replies_ = -1;
    return;
  }
  if (replies_ < 0) return begin_window(now);
  ++replies_;
  waited_ += waited;
  work_ += 1 + static_cast<double>(bytes) / k_bytes_per_request;
  if (replies_ < std::int64_t{k_window_replies} * limit_ || now - began_ < k_window_min) return;
  end_window(now, work_ / std::chrono::duration<double>(now - began_).count());
  replies_ = -1;
}

void HttpConcurrency::end_window(HttpClock::time_point now, double rate) {
  if (limit_ > proven_) {  // a try, the first measurement included
    const bool soon = least_waited_ >= k_far && waited_ < k_waited_max * replies_ * least_waited_;
    if (proven_ > 0 && rate < k_gain * proven_rate_ && !soon) {
      limit_ = proven_;
      try_later(now);
      return;
    }
    if (proven_ > 0) pause_ = k_pause_first;
    proven_ = limit_;
    proven_rate_ = 0;
  }
  proven_rate_ = proven_rate_ > 0 ? (proven_rate_ + rate) / 2 : rate;  // one slow window makes no try look good
  if (now >= next_try_) limit_ = std::min(2 * limit_, most_);
}

void HttpConcurrency::try_later(HttpClock::time_point now) {
  next_try_ = now + pause_;
  pause_ = std::min<HttpClock::duration>(2 * pause_, k_pause_most);
}

void HttpConcurrency::on_throttled(HttpClock::time_point now) {
  if (now < throttled_until_) return;
  throttled_until_ = now + k_throttled;
  limit_ = std::max(limit_ / 2, std::min(k_least, most_));
  proven_ = limit_;
  proven_rate_ = 0;
  try_later(now);
  replies_ = -1;
}

}  // namespace shoal::data
