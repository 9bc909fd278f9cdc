#include "data/io/http_resolver.h"

#include <netdb.h>
#include <signal.h>

#include <cstring>

namespace shoal::data {
namespace {

HostLookup look_up(const std::string& host, int port, int flags) {
  HostLookup lookup;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) {
    lookup.error = ::gai_strerror(error);
    return lookup;
  }
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    HostAddress address;
    std::memcpy(&address.bytes, entry->ai_addr, entry->ai_addrlen);
    address.size = entry->ai_addrlen;
    lookup.addresses.push_back(address);
  }
  ::freeaddrinfo(found);
  return lookup;
}

}  // namespace

HostLookup parse_address(const std::string& host, int port) { return look_up(host, port, AI_NUMERICHOST); }

HttpResolver::~HttpResolver() { stop(); }

void HttpResolver::stop() {
  {
    const Lock lock(mutex_);
    stopping_ = true;
    jobs_.clear();
  }
  work_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void HttpResolver::resolve(std::string host, int port, Done done) {
  const Lock lock(mutex_);
  if (stopping_) return;
  jobs_.push_back({std::move(host), port, std::move(done)});
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  work_.notify_one();
}

void HttpResolver::run() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);  // signals are for the user's threads
  Lock lock(mutex_);
  while (true) {
    while (!stopping_ && jobs_.empty()) work_.wait(lock);
    if (stopping_) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job.done(look_up(job.host, job.port, 0));
    lock.lock();
  }
}

}  // namespace shoal::data
