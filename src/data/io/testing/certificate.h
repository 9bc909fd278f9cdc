#pragma once

#include <string>

namespace shoal::data {

/// Writes a self-signed certificate for 127.0.0.1 and localhost into the folder: public.crt, private.key (the names
/// MinIO looks for). Aborts the program where OpenSSL cannot.
void write_test_certificate(const std::string& folder);

}  // namespace shoal::data
