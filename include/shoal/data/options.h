#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <shoal/base/bytes.h>
#include <shoal/base/shippable.h>

namespace shoal::data::inline v1 {

using namespace shoal::literals;

/// A number option that takes any arithmetic type, so that `.num_cpus = n` compiles for int and double alike.
struct Number {
  constexpr Number() = default;
  template <class T>
    requires std::is_arithmetic_v<T>
  constexpr Number(T number) : value(static_cast<double>(number)) {}  // NOLINT: an implicit conversion is the point
  double value = 0;
  friend bool operator==(const Number&, const Number&) = default;
};

/// Where calls of a step run: in threads of this process, or each in a worker process of its own, of which there are as many
/// as run at once. Processes need a session that has them; else the run is `Unsupported`.
enum class Isolation : std::uint8_t { threads, processes };

/// How many workers of a class step may exist at once. Workers above `min` are made as input queues up and leave
/// when it is gone; `min = 0` means none exist while there is nothing to do.
struct Pool {
  int min{};
  int max{};  ///< {0, 0} stands for the default.
  friend bool operator==(const Pool&, const Pool&) = default;
};

/// Options of one step. Unset members take the run's values.
struct StepOptions {
  std::optional<std::int64_t> batch_size{};  ///< Rows a call of map_batches gets at most; default 1024; 0 is an error.
  Pool pool{};                               ///< Workers of a class step; default {1, as many as the run can hold}.
  std::optional<Number> num_cpus{};          ///< CPUs one running call takes of the run's; default 1.
  std::optional<Number> num_gpus{};          ///< GPUs a worker takes of the run's; fractions share one; default 0.
  std::optional<int> concurrency{};          ///< Calls of this step that run at once at most; default: no cap.
  std::optional<Isolation> isolation{};      ///< Default: the run's.
  int retries{};                             ///< Times a fragment whose user function threw runs again; default 0.
  bool preserve_order = true;  ///< false: blocks go on as they finish, which is faster when some are slow.
  std::string name{};          ///< What plans, progress and errors call the step; default: the function's name.
};

/// How much a run says on standard error.
enum class Verbosity : std::uint8_t {
  quiet,    ///< Warnings and errors only.
  normal,   ///< The plan line and one overall progress line.
  verbose,  ///< Also one bar per operator.
};

/// Options of a whole run. Unset members take the process's defaults (`set_default_run_options`), then the machine's.
struct RunOptions {
  std::optional<Number> num_cpus{};  ///< CPUs the run may use; may exceed the machine's. Default: the session's.
  std::optional<Number> num_gpus{};  ///< GPUs the run may use; may be pretended. Default 0.
  std::optional<std::int64_t> memory_budget{};  ///< Bytes; default a quarter of the machine's or the cgroup's memory.
  std::optional<std::int64_t> block_size{};     ///< Bytes a block aims at; at most budget / (4 x CPUs) and 128 MiB.
  std::optional<int> parallelism{};             ///< Blocks a source is cut into where it can choose.
  std::optional<bool> preserve_order{};         ///< false allows rows in any order; default true.
  std::optional<Isolation>
      isolation{};             ///< Of what does not say; default threads, or SHOAL_ISOLATION=threads|processes.
  std::optional<bool> fuse{};  ///< false runs every step as an operator of its own; default true.
  std::optional<Verbosity> verbosity{};  ///< Default `normal`, or SHOAL_VERBOSITY=quiet|normal|verbose.
  std::optional<bool> progress{};        ///< Default: on when standard error is a terminal or verbosity is verbose.
  std::string trace_path{};              ///< Writes a Chrome trace there when the run ends; default none.
  std::string spill_dir{};               ///< Where blocks go that do not fit; default TMPDIR, else /tmp.
  std::string name{};                    ///< Shown in logs.
};

/// Sets the process-wide defaults that later runs start from. Thread-safe.
void set_default_run_options(RunOptions options);
RunOptions default_run_options();

/// How to reach a store. Unset members come from the environment (`AWS_*`), then the shared AWS files.
/// Holds secrets: it cannot be printed.
struct StorageOptions {
  std::string endpoint{};  ///< e.g. "http://127.0.0.1:9000"; default AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, Amazon's.
  std::string region{};    ///< Default AWS_REGION, AWS_DEFAULT_REGION, the profile's, then "us-east-1".
  std::string access_key{};
  std::string secret_key{};
  std::string session_token{};
  std::string profile{};               ///< Default AWS_PROFILE, then "default".
  bool anonymous{};                    ///< Sends unsigned requests.
  std::optional<bool> path_style{};    ///< Default: true where an endpoint is given, else virtual-host style.
  std::string ca_file{};               ///< PEM bundle to trust; default AWS_CA_BUNDLE, then the system's.
  int max_connections{};               ///< Sockets to one endpoint; 0 = 256.
  std::optional<Number> deadline_s{};  ///< Seconds within which one request is retried; default 60.
  friend bool operator==(const StorageOptions&, const StorageOptions&) = default;
};

/// What images become.
enum class ImageMode : std::uint8_t { rgb, gray };

/// Height and width in pixels; 0 x 0 = as stored.
struct ImageSize {
  int height{};
  int width{};
  friend bool operator==(const ImageSize&, const ImageSize&) = default;
};

/// What a listing gives, and how to reach its store.
struct ListOptions {
  bool recursive = true;
  std::vector<std::string> suffixes{};  ///< Only keys that end in one of them, e.g. {".parquet"}; empty = all.
  StorageOptions storage{};
};

/// Options shared by the batch iterators.
struct BatchOptions {
  std::int64_t batch_size = 256;        ///< Rows of every batch but the last; 0 is an error.
  int prefetch = 2;                     ///< Batches prepared in the background.
  bool drop_last = false;               ///< Leaves out a last batch that is not full.
  std::int64_t shuffle_buffer = 0;      ///< Rows of the local shuffle buffer; 0 = no shuffle.
  std::optional<std::uint64_t> seed{};  ///< Of the shuffle; default 0. The same seed gives the same order.
  std::string dtype{};                  ///< Casts numeric and tensor columns, e.g. "float32"; default as they are.
};

}  // namespace shoal::data::inline v1

namespace shoal::inline v1 {

/// As the number it is.
template <>
struct Codec<data::Number> {
  static constexpr std::size_t k_bytes_min = sizeof(double);
  static void encode(Encoder& to, const data::Number& number);
  static void decode(Decoder& from, data::Number& number);
};

}  // namespace shoal::inline v1
