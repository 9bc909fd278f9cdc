#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "data/plan/node.h"

namespace shoal::data {

/// What a plan knows of a step that makes data of a listing's rows: of images, files, lines.
struct FileReaderSpec {
  std::string description;        ///< "ReadImages(s3://mnist/train/, gray)"
  SchemaPtr schema;               ///< Of its output.
  bool one_row_per_file = false;  ///< Then limits and counts need not read.
};

/// The node of a file reader over its listing.
class FileReaderNode final : public Node {
 public:
  FileReaderNode(NodePtr listing, FileReaderSpec spec, std::shared_ptr<const Step> step)
      : Node(std::move(listing)), spec_(std::move(spec)), step_(std::move(step)) {}

  std::string describe() const override { return spec_.description; }
  NodePtr with_input(NodePtr listing) const override {
    return std::make_shared<FileReaderNode>(std::move(listing), spec_, step_);
  }
  std::shared_ptr<const Step> step() const override { return step_; }
  const StepOptions* options() const override { return &options_; }
  bool keeps_row_count() const override { return spec_.one_row_per_file; }
  std::optional<std::int64_t> known_rows(std::optional<std::int64_t> input_rows) const override {
    return spec_.one_row_per_file ? input_rows : std::nullopt;
  }
  SchemaPtr known_schema(const SchemaPtr&) const override { return spec_.schema; }

 private:
  const FileReaderSpec spec_;
  const std::shared_ptr<const Step> step_;
  const StepOptions options_;
};

/// "ReadText(s3://logs/, *.txt)": `name` with what `listing`'s description has in its parentheses.
inline std::string reader_description(const std::string& name, const Node& listing) {
  const std::string text = listing.describe();
  return name + text.substr(text.find('('));
}

}  // namespace shoal::data
