#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include <shoal/data/options.h>

#include "base/status.h"

namespace shoal::data {

/// A real MinIO server for tests: on 127.0.0.1 with a free port, random keys and a temporary folder of its own. The
/// binary is SHOAL_MINIO, else .deps/bin/minio of the source tree. The constructor's thread must outlive the server,
/// because the kernel ends the server together with the thread that started it. Not thread-safe.
class MinioServer {
 public:
  struct Options {
    std::string tls_folder;   ///< Holds public.crt and private.key; empty = plain HTTP.
    std::string data_folder;  ///< Where objects are kept, never removed; empty = a temporary folder.
  };

  /// Starts it and waits until it answers, 30 s at most. Errors: not_found (no binary), unavailable.
  static Result<std::unique_ptr<MinioServer>> start(const Options& options);
  static Result<std::unique_ptr<MinioServer>> start() { return start(Options{}); }
  /// Stops the server and removes its temporary folder.
  ~MinioServer();
  MinioServer(const MinioServer&) = delete;
  MinioServer& operator=(const MinioServer&) = delete;

  /// "http://127.0.0.1:PORT", or https where it has a certificate.
  const std::string& endpoint() const { return endpoint_; }
  int port() const { return port_; }
  const std::string& access_key() const { return access_key_; }
  const std::string& secret_key() const { return secret_key_; }
  /// Endpoint and keys, as a program gives them.
  StorageOptions storage_options() const;
  /// Ends the process (tests of an endpoint that goes away); the destructor does it where nobody did.
  void stop();

 private:
  MinioServer() = default;
  Status launch(const Options& options);
  Status wait_until_ready();

  pid_t pid_ = -1;
  int pid_fd_ = -1;
  int port_ = 0;
  std::string temporary_;
  std::string certificate_;
  std::string endpoint_;
  std::string access_key_;
  std::string secret_key_;
};

/// One server that all tests of a process share, started at first use and stopped when the process exits; every test
/// takes a bucket of its own (`unique_bucket`). Call first from the main thread. Aborts the program with a text where
/// it cannot be started.
MinioServer& shared_minio();

/// A bucket name that no other test uses: "<stem>-<random>".
std::string unique_bucket(const std::string& stem);

}  // namespace shoal::data
