#include "data/io/tls.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace shoal::data {
namespace {

// A socket BIO of our own: OpenSSL's writes without MSG_NOSIGNAL, and a peer that hangs up would end the program.
int socket_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

int bio_write(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const auto n = ::send(socket_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (n < 0 && would_block()) BIO_set_retry_write(bio);
  return static_cast<int>(n);
}

int bio_read(BIO* bio, char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const auto n = ::recv(socket_of(bio), bytes, static_cast<std::size_t>(size), 0);
  if (n < 0 && would_block()) BIO_set_retry_read(bio);
  return static_cast<int>(n);
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int bio_create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

const BIO_METHOD* socket_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without signals");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    BIO_meth_set_create(made, bio_create);
    return made;
  }();
  return method;
}

std::string last_openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "the connection broke";
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "OpenSSL error " + std::to_string(code);
}

bool is_address(const std::string& host) {
  unsigned char bytes[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

}  // namespace

struct TlsContext::State {
  SSL_CTX* context = nullptr;
  ~State() { SSL_CTX_free(context); }
};

struct TlsSession::State {
  SSL* ssl = nullptr;
  ~State() { SSL_free(ssl); }
};

TlsContext::TlsContext(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsContext::~TlsContext() = default;
TlsSession::TlsSession(std::unique_ptr<State> state) : state_(std::move(state)) {}
TlsSession::~TlsSession() = default;

Result<std::shared_ptr<TlsContext>> TlsContext::make(const std::string& ca_file) {
  auto state = std::make_unique<State>();
  state->context = SSL_CTX_new(TLS_client_method());
  if (state->context == nullptr) return Status(ErrorCode::internal, "OpenSSL has no TLS: " + last_openssl_error());
  SSL_CTX_set_min_proto_version(state->context, TLS1_2_VERSION);
  SSL_CTX_set_verify(state->context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(state->context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  if (ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(state->context);
  } else if (::access(ca_file.c_str(), R_OK) != 0) {
    return Status(ErrorCode::not_found, "the CA bundle " + ca_file + " cannot be read; set ca_file or AWS_CA_BUNDLE");
  } else if (SSL_CTX_load_verify_locations(state->context, ca_file.c_str(), nullptr) != 1) {
    return Status(ErrorCode::corrupt_data,
                  "the CA bundle " + ca_file + " holds no PEM certificate: " + last_openssl_error());
  }
  return std::shared_ptr<TlsContext>(new TlsContext(std::move(state)));
}

std::unique_ptr<TlsSession> TlsContext::open(int fd, const std::string& host) {
  auto state = std::make_unique<TlsSession::State>();
  state->ssl = SSL_new(state_->context);
  BIO* bio = BIO_new(socket_method());
  if (state->ssl == nullptr || bio == nullptr) {
    BIO_free(bio);
    return nullptr;
  }
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
  SSL_set_bio(state->ssl, bio, bio);
  X509_VERIFY_PARAM* checks = SSL_get0_param(state->ssl);
  X509_VERIFY_PARAM_set_hostflags(checks, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (is_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(checks, host.c_str());
  } else {
    SSL_set_tlsext_host_name(state->ssl, host.c_str());
    SSL_set1_host(state->ssl, host.c_str());
  }
  SSL_set_connect_state(state->ssl);
  return std::unique_ptr<TlsSession>(new TlsSession(std::move(state)));
}

IoResult TlsSession::outcome(int returned) {
  switch (SSL_get_error(state_->ssl, returned)) {
    case SSL_ERROR_NONE: return {IoState::ok, static_cast<std::size_t>(returned)};
    case SSL_ERROR_WANT_READ: return {IoState::want_read};
    case SSL_ERROR_WANT_WRITE: return {IoState::want_write};
    case SSL_ERROR_ZERO_RETURN: return {IoState::closed};
    default: break;
  }
  const long verdict = SSL_get_verify_result(state_->ssl);
  certificate_refused_ = verdict != X509_V_OK;
  error_ = certificate_refused_ ? std::string("certificate refused: ") + X509_verify_cert_error_string(verdict)
                                : last_openssl_error();
  ERR_clear_error();
  return {IoState::failed};
}

IoResult TlsSession::handshake() {
  ERR_clear_error();
  const int returned = SSL_do_handshake(state_->ssl);
  if (returned == 1) return {IoState::ok};
  return outcome(returned);
}

IoResult TlsSession::read(std::span<std::uint8_t> into) {
  ERR_clear_error();
  return outcome(SSL_read(state_->ssl, into.data(), static_cast<int>(std::min<std::size_t>(into.size(), 1 << 30))));
}

IoResult TlsSession::write(std::span<const std::uint8_t> bytes) {
  ERR_clear_error();
  return outcome(SSL_write(state_->ssl, bytes.data(), static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 30))));
}

}  // namespace shoal::data
