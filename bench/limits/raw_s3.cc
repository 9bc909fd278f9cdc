// The limit for s3_* lines: a bare epoll loop over keep-alive sockets that lists and gets, and signs each request by
// header (AWS Signature Version 4), with no retries, no TLS and no checks beyond the status. Figures of Shoal are
// given as a part of what this reaches in the same run.
//
//   raw_s3 list ENDPOINT BUCKET PREFIX            pages of 1,000 keys, one after the other
//   raw_s3 get ENDPOINT BUCKET PREFIX CONNECTIONS lists, then gets every object found; connections fetch meanwhile
//
// ENDPOINT is "127.0.0.1:PORT"; keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Prints one JSON line.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "../measure.h"

namespace {

constexpr const char* k_empty_sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string hex(const unsigned char* bytes, std::size_t size) {
  static const char* digits = "0123456789abcdef";
  std::string out;
  out.reserve(2 * size);
  for (std::size_t i = 0; i < size; ++i) {
    out += digits[bytes[i] >> 4];
    out += digits[bytes[i] & 15];
  }
  return out;
}

std::string hmac(std::string_view key, std::string_view text) {
  unsigned char digest[32];
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest, &size);
  return std::string(reinterpret_cast<char*>(digest), size);
}

struct Signer {
  std::string host, access, key, date, stamp;

  explicit Signer(std::string endpoint) : host(std::move(endpoint)) {
    access = std::getenv("AWS_ACCESS_KEY_ID");
    char text[32];
    const std::time_t now = std::time(nullptr);
    std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", std::gmtime(&now));
    stamp = text;
    date = stamp.substr(0, 8);
    key = hmac(hmac(hmac(hmac("AWS4" + std::string(std::getenv("AWS_SECRET_ACCESS_KEY")), date), "us-east-1"), "s3"),
               "aws4_request");
  }

  std::string get(const std::string& path, const std::string& query) const {
    const std::string canonical = "GET\n" + path + "\n" + query + "\nhost:" + host +
                                  "\nx-amz-content-sha256:" + k_empty_sha256 + "\nx-amz-date:" + stamp +
                                  "\n\nhost;x-amz-content-sha256;x-amz-date\n" + k_empty_sha256;
    unsigned char digest[32];
    SHA256(reinterpret_cast<const unsigned char*>(canonical.data()), canonical.size(), digest);
    const std::string scope = date + "/us-east-1/s3/aws4_request";
    const std::string text = "AWS4-HMAC-SHA256\n" + stamp + "\n" + scope + "\n" + hex(digest, 32);
    const std::string mac = hmac(key, text);
    return "GET " + path + (query.empty() ? "" : "?" + query) + " HTTP/1.1\r\nHost: " + host +
           "\r\nx-amz-content-sha256: " + k_empty_sha256 + "\r\nx-amz-date: " + stamp +
           "\r\nAuthorization: AWS4-HMAC-SHA256 Credential=" + access + "/" + scope +
           ", SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=" +
           hex(reinterpret_cast<const unsigned char*>(mac.data()), mac.size()) + "\r\n\r\n";
  }
};

std::string escape(std::string_view text, bool keep_slash) {
  std::string out;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) || std::strchr("-_.~", c) ||
                       (keep_slash && c == '/');
    char code[8];
    std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned char>(c));
    out += plain ? std::string(1, c) : code;
  }
  return out;
}

[[noreturn]] void fail(const std::string& text) {
  std::fprintf(stderr, "raw_s3: %s\n", text.c_str());
  std::exit(1);
}

struct Connection {
  int fd = -1;
  bool listing = false, busy = false;
  std::string in;
  std::size_t need = 0;  // header and body, once the header is here
};

class Loop {
 public:
  Loop(std::string endpoint, std::string bucket, std::string prefix)
      : signer_(endpoint), bucket_(std::move(bucket)), prefix_(std::move(prefix)) {
    const auto colon = endpoint.rfind(':');
    address_.sin_family = AF_INET;
    address_.sin_port = htons(static_cast<std::uint16_t>(std::atoi(endpoint.c_str() + colon + 1)));
    inet_pton(AF_INET, endpoint.substr(0, colon).c_str(), &address_.sin_addr);
    epoll_ = epoll_create1(0);
  }

  // Returns objects (list) or bodies (get) taken in.
  long run(int getters) {
    connections_.resize(static_cast<std::size_t>(getters) + 1);
    for (std::size_t i = 0; i < connections_.size(); ++i) open(connections_[i], i);
    connections_[0].listing = true;
    getting_ = getters > 0;
    request_page();
    while (!listed_ || (getting_ && (taken_ < found_))) wait();
    return getting_ ? taken_ : found_;
  }

 private:
  void open(Connection& connection, std::size_t index) {
    connection.fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(connection.fd, reinterpret_cast<sockaddr*>(&address_), sizeof address_) != 0) fail("cannot connect");
    const int on = 1;
    setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = index;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event);
  }

  void send(Connection& connection, const std::string& request) {
    connection.busy = true;
    connection.in.clear();
    connection.need = 0;
    if (write(connection.fd, request.data(), request.size()) != static_cast<ssize_t>(request.size()))
      fail("short write");
  }

  void request_page() {
    std::string query = "continuation-token=" + escape(token_, false) +
                        "&list-type=2&max-keys=1000&prefix=" + escape(prefix_, false);
    if (token_.empty()) query = "list-type=2&max-keys=1000&prefix=" + escape(prefix_, false);
    send(connections_[0], signer_.get("/" + bucket_, query));
  }

  void feed() {  // idle connections take the next keys; the listing goes on while few are queued
    for (std::size_t i = 1; i < connections_.size() && !keys_.empty(); ++i) {
      if (connections_[i].busy) continue;
      send(connections_[i], signer_.get("/" + bucket_ + "/" + escape(keys_.front(), true), ""));
      keys_.pop_front();
    }
    if (!listed_ && !connections_[0].busy && keys_.size() < 500) request_page();
  }

  void wait() {
    epoll_event events[64];
    const int ready = epoll_wait(epoll_, events, 64, 10'000);
    if (ready <= 0) fail("no answer within 10 s");
    for (int i = 0; i < ready; ++i) receive(connections_[events[i].data.u64]);
  }

  void receive(Connection& connection) {
    static thread_local char buffer[1 << 18];
    const ssize_t size = read(connection.fd, buffer, sizeof buffer);
    if (size <= 0) fail("the server closed a connection");
    connection.in.append(buffer, static_cast<std::size_t>(size));
    if (connection.need == 0) {
      const auto end = connection.in.find("\r\n\r\n");
      if (end == std::string::npos) return;
      if (connection.in.compare(9, 3, "200") != 0) fail(connection.in.substr(0, 300));
      const auto at = connection.in.find("Content-Length: ");
      if (at == std::string::npos || at > end) fail("an answer without Content-Length");
      connection.need = end + 4 + std::strtoul(connection.in.c_str() + at + 16, nullptr, 10);
    }
    if (connection.in.size() < connection.need) return;
    connection.busy = false;
    if (connection.listing) {
      take_page(connection.in);
    } else {
      ++taken_;
    }
    feed();
  }

  void take_page(const std::string& page) {
    for (std::size_t at = page.find("<Key>"); at != std::string::npos; at = page.find("<Key>", at)) {
      const auto end = page.find("</Key>", at);
      if (getting_) keys_.push_back(page.substr(at + 5, end - at - 5));
      ++found_;
      at = end;
    }
    const auto next = page.find("<NextContinuationToken>");
    token_ = next == std::string::npos ? "" : page.substr(next + 23, page.find("</Next", next) - next - 23);
    listed_ = token_.empty();
    if (!listed_ && !getting_) request_page();
  }

  Signer signer_;
  std::string bucket_, prefix_, token_;
  sockaddr_in address_{};
  int epoll_ = -1;
  std::vector<Connection> connections_;
  std::deque<std::string> keys_;
  bool listed_ = false, getting_ = false;
  long found_ = 0, taken_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) fail("usage: raw_s3 list|get ENDPOINT BUCKET PREFIX [CONNECTIONS]");
  const auto start = std::chrono::steady_clock::now();
  Loop loop(argv[2], argv[3], argv[4]);
  const long done = loop.run(std::strcmp(argv[1], "get") == 0 ? std::atoi(argv[5]) : 0);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  bench::print({static_cast<double>(done) / seconds, done});
}
