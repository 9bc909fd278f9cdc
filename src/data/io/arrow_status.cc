#include "data/io/arrow_status.h"

#include <memory>

namespace shoal::data {
namespace {

constexpr const char* k_detail_id = "shoal::Status";

/// Carries a Shoal error through Arrow's code.
class ShoalDetail final : public arrow::StatusDetail {
 public:
  explicit ShoalDetail(Status status) : status_(std::move(status)) {}
  const char* type_id() const override { return k_detail_id; }
  std::string ToString() const override { return std::string(to_string(status_.code())); }
  const Status& status() const { return status_; }

 private:
  Status status_;
};

}  // namespace

Status from_arrow(const arrow::Status& status, ErrorCode code) {
  if (status.ok()) return Status();
  if (const auto& detail = status.detail(); detail != nullptr && detail->type_id() == std::string(k_detail_id)) {
    return static_cast<const ShoalDetail&>(*detail).status();
  }
  if (status.IsOutOfMemory()) code = ErrorCode::out_of_memory;
  if (status.IsCancelled()) code = ErrorCode::cancelled;
  return Status(code, status.message());
}

arrow::Status to_arrow(const Status& status) {
  if (status.ok()) return arrow::Status::OK();
  return arrow::Status::IOError(status.text()).WithDetail(std::make_shared<ShoalDetail>(status));
}

}  // namespace shoal::data
