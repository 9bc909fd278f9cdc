#include <shoal/data/quarantine.h>

#include <map>
#include <utility>

#include "base/thread_safety.h"

namespace shoal::data::inline v1::detail {

struct QuarantineLog::State {
  Mutex mutex;
  std::map<std::pair<std::string, std::int64_t>, std::string> rows GUARDED_BY(mutex);
};

QuarantineLog::QuarantineLog() : state_(std::make_shared<State>()) {}

bool QuarantineLog::add(QuarantinedRow row, std::int64_t max_rows) const {
  const Lock lock(state_->mutex);
  auto key = std::pair(std::move(row.path), row.offset);
  if (state_->rows.contains(key)) return true;
  if (static_cast<std::int64_t>(state_->rows.size()) >= max_rows) return false;
  state_->rows.emplace(std::move(key), std::move(row.error));
  return true;
}

std::int64_t QuarantineLog::count() const {
  const Lock lock(state_->mutex);
  return static_cast<std::int64_t>(state_->rows.size());
}

std::vector<QuarantinedRow> QuarantineLog::rows() const {
  const Lock lock(state_->mutex);
  std::vector<QuarantinedRow> rows;
  rows.reserve(state_->rows.size());
  for (const auto& [place, error] : state_->rows) rows.push_back({place.first, place.second, error});
  return rows;
}

}  // namespace shoal::data::inline v1::detail
