#include "data/io/sigv4.h"

#include <algorithm>
#include <cstring>
#include <new>

#include <openssl/evp.h>

#include "base/hex.h"

namespace shoal::data {
namespace {

constexpr std::size_t k_block = 64;
constexpr std::size_t k_headers_max = 12;

std::string_view view_of(const Sha256& hash) { return {reinterpret_cast<const char*>(hash.data()), hash.size()}; }

}  // namespace

struct Sha256Engine::State {
  EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() {
    EVP_MD_CTX_free(context);
    EVP_MD_free(algorithm);
  }
};

Sha256Engine::Sha256Engine() : state_(std::make_unique<State>()) {
  if (state_->algorithm == nullptr || state_->context == nullptr) throw std::bad_alloc();
}
Sha256Engine::~Sha256Engine() = default;

Sha256 Sha256Engine::hash_two(std::span<const std::uint8_t> first, std::string_view second) {
  Sha256 out;
  EVP_DigestInit_ex2(state_->context, state_->algorithm, nullptr);
  if (!first.empty()) EVP_DigestUpdate(state_->context, first.data(), first.size());
  EVP_DigestUpdate(state_->context, second.data(), second.size());
  EVP_DigestFinal_ex(state_->context, out.data(), nullptr);
  return out;
}

Sha256 Sha256Engine::hash(std::string_view bytes) { return hash_two({}, bytes); }

Sha256 Sha256Engine::hmac(std::span<const std::uint8_t> key, std::string_view text) {
  // RFC 2104, by hand: OpenSSL's HMAC objects cost three times as much for such short texts.
  std::array<std::uint8_t, k_block> pad{};
  if (key.size() > k_block) {
    const Sha256 shorter = hash({reinterpret_cast<const char*>(key.data()), key.size()});
    std::copy(shorter.begin(), shorter.end(), pad.begin());
  } else {
    std::copy(key.begin(), key.end(), pad.begin());
  }
  for (std::uint8_t& byte : pad) byte ^= 0x36;
  const Sha256 inner = hash_two(pad, text);
  for (std::uint8_t& byte : pad) byte ^= 0x36 ^ 0x5c;
  return hash_two(pad, view_of(inner));
}

std::string sha256_hex(std::span<const std::uint8_t> bytes) {
  Sha256 out;
  EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, EVP_sha256(), nullptr);
  std::string text;
  append_hex(text, view_of(out));
  return text;
}

Sha256 sigv4_signing_key(Sha256Engine& engine, std::string_view secret_key, std::string_view day,
                         std::string_view region, std::string_view service) {
  const Secret first("AWS4" + std::string(secret_key));
  const std::string_view bytes = first.reveal();
  Sha256 key = engine.hmac({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, day);
  key = engine.hmac(key, region);
  key = engine.hmac(key, service);
  return engine.hmac(key, "aws4_request");
}

SigV4Signer::SigV4Signer(std::string access_key, Secret secret_key, Secret session_token, std::string service)
    : access_key_(std::move(access_key)),
      secret_key_(std::move(secret_key)),
      session_token_(std::move(session_token)),
      service_(std::move(service)) {}

void SigV4Signer::set_time(std::time_t now) {
  if (now == time_) return;
  time_ = now;
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  stamp_.assign(text, std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts));
}

const Sha256& SigV4Signer::signing_key(std::string_view region) {
  const std::string_view day = std::string_view(stamp_).substr(0, 8);
  auto found = keys_.find(region);
  if (found == keys_.end()) found = keys_.emplace(std::string(region), DerivedKey{}).first;
  DerivedKey& derived = found->second;
  if (derived.day != day) {
    derived.key = sigv4_signing_key(engine_, secret_key_.reveal(), day, region, service_);
    derived.day = day;
  }
  return derived.key;
}

void SigV4Signer::sign(const SigV4Request& request, std::time_t now, std::string& out) {
  using Header = std::pair<std::string_view, std::string_view>;
  set_time(now);
  std::array<Header, k_headers_max> headers;
  std::size_t count = 0;
  headers[count++] = {"host", request.host};
  headers[count++] = {"x-amz-content-sha256", request.body_sha256};
  headers[count++] = {"x-amz-date", stamp_};
  if (!session_token_.empty()) headers[count++] = {"x-amz-security-token", session_token_.reveal()};
  for (const Header& header : request.headers.first(std::min(request.headers.size(), k_headers_max - count))) {
    headers[count++] = header;
  }
  std::sort(headers.begin(), headers.begin() + static_cast<std::ptrdiff_t>(count));

  canonical_.assign(request.method).append("\n").append(request.path).append("\n").append(request.query).append("\n");
  for (std::size_t i = 0; i < count; ++i) {
    const auto& [name, value] = headers[i];
    canonical_.append(name).append(":").append(value).append("\n");
    out.append(name).append(": ").append(value).append("\r\n");
  }
  canonical_ += '\n';
  const std::size_t names_at = canonical_.size();
  for (std::size_t i = 0; i < count; ++i) canonical_.append(i == 0 ? "" : ";").append(headers[i].first);
  const std::size_t names_end = canonical_.size();
  canonical_.append("\n").append(request.body_sha256);

  const std::string_view day = std::string_view(stamp_).substr(0, 8);
  to_sign_.assign("AWS4-HMAC-SHA256\n").append(stamp_).append("\n");
  const std::size_t scope_at = to_sign_.size();
  to_sign_.append(day).append("/").append(request.region).append("/").append(service_).append("/aws4_request");
  const std::size_t scope_end = to_sign_.size();
  to_sign_ += '\n';
  append_hex(to_sign_, view_of(engine_.hash(canonical_)));

  out.append("authorization: AWS4-HMAC-SHA256 Credential=").append(access_key_).append("/");
  out.append(std::string_view(to_sign_).substr(scope_at, scope_end - scope_at));
  out.append(", SignedHeaders=").append(std::string_view(canonical_).substr(names_at, names_end - names_at));
  out.append(", Signature=");
  append_hex(out, view_of(engine_.hmac(signing_key(request.region), to_sign_)));
  out.append("\r\n");
}

}  // namespace shoal::data
