// Listings of a store that is far away: a server of the test's own, whose pages are small and come late.
#include "data/io/s3_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "data/io/http_escape.h"
#include "data/io/s3_store.h"
#include "data/io/testing/http_peer.h"

namespace shoal::data {
namespace {

using namespace std::chrono_literals;

/// Answers ListObjectsV2 of one bucket with these keys.
class ListServer {
 public:
  ListServer(std::set<std::string> keys, std::size_t page_size) : keys_(std::move(keys)), page_size_(page_size) {
    for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { serve(); });  // as many as the lister has under way
  }
  ~ListServer() {
    stopping_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

  StorageOptions storage_options() const {
    StorageOptions options;
    options.endpoint = "http://127.0.0.1:" + std::to_string(listener_.port());
    options.access_key = "key";
    options.secret_key = "secret";
    options.max_connections = 2;
    return options;
  }
  /// Answers that were asked for while another one was awaited.
  int beside() const { return beside_; }

 private:
  void serve() {
    while (!stopping_) {
      if (!listener_.has_connection(20)) continue;
      HttpPeer peer = listener_.accept();
      for (std::string head = peer.read_head(); !head.empty(); head = peer.read_head()) {
        if (under_way_.fetch_add(1) > 0) ++beside_;
        std::this_thread::sleep_for(45ms);  // nap: the way there and back
        --under_way_;
        const std::string body = page(parameters(head));
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
      }
    }
  }

  static std::map<std::string, std::string> parameters(const std::string& head) {
    std::map<std::string, std::string> found;
    const std::size_t query = head.find('?') + 1;
    std::string rest = head.substr(query, head.find(' ', query) - query) + "&";
    for (std::size_t end = rest.find('&'); end != std::string::npos; end = rest.find('&')) {
      const std::string part = rest.substr(0, end);
      const std::size_t equals = part.find('=');
      found[part.substr(0, equals)] = unescape_form(part.substr(equals + 1));
      rest.erase(0, end + 1);
    }
    return found;
  }

  std::string page(std::map<std::string, std::string> asked) const {
    const std::string& prefix = asked["prefix"];
    const std::string after = std::max(asked["start-after"], asked["continuation-token"]);
    std::string xml = "<ListBucketResult>";
    std::string last;
    std::size_t count = 0;
    for (auto key = keys_.lower_bound(std::max(prefix, after)); key != keys_.end() && key->starts_with(prefix); ++key) {
      const std::size_t slash = asked["delimiter"].empty() ? std::string::npos : key->find('/', prefix.size());
      const std::string name = slash == std::string::npos ? *key : key->substr(0, slash + 1);
      if (name == last || name <= after) continue;
      if (count++ == page_size_) {
        xml += "<IsTruncated>true</IsTruncated><NextContinuationToken>" + last + "</NextContinuationToken>";
        break;
      }
      xml += slash == std::string::npos ? "<Contents><Key>" + name + "</Key><Size>1</Size></Contents>"
                                        : "<CommonPrefixes><Prefix>" + name + "</Prefix></CommonPrefixes>";
      last = name;
    }
    return xml + "</ListBucketResult>";
  }

  const std::set<std::string> keys_;
  const std::size_t page_size_;
  HttpListener listener_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> under_way_{0};
  std::atomic<int> beside_{0};
  std::vector<std::thread> threads_;
};

/// Lists all that is below k/; the number of requests is left in `requests`.
std::vector<std::string> list_all(const ListServer& server, std::int64_t& requests) {
  const auto store = make_s3_store(server.storage_options()).value_or_throw();
  const auto lister = store->list("bucket", "k/", {}).value_or_throw();
  std::vector<std::string> keys;
  for (auto page = lister->next_page().value_or_throw(); !page.empty(); page = lister->next_page().value_or_throw()) {
    for (const ObjectInfo& info : page) keys.push_back(info.key);
  }
  requests = store->counts().list;
  return keys;
}

TEST(S3List, LargeFoldersAreListedBesideEachOther) {
  std::set<std::string> keys = {"k/a.x", "k/b", "k/b.x", "k/c.x", "k/zz", "other"};
  for (const char* folder : {"k/a/", "k/c/d/", "k/e/"}) {
    for (int i = 0; i < 90; ++i) keys.insert(folder + std::to_string(i));
  }
  std::int64_t requests = 0;
  const ListServer server(keys, 10);
  const std::vector<std::string> listed = list_all(server, requests);
  keys.erase("other");
  EXPECT_EQ(listed, std::vector<std::string>(keys.begin(), keys.end()));
  EXPECT_GT(server.beside(), 0) << "of " << requests;
}

TEST(S3List, ManySmallFoldersBehindALargeOneDoNotCostARequestEach) {
  std::set<std::string> keys;
  for (int i = 0; i < 350; ++i) keys.insert("k/a/" + std::to_string(i));
  for (int i = 100; i < 400; ++i) {
    const std::string folder = "k/b" + std::to_string(i);
    keys.insert({folder + "/", folder + "/1", folder + "/2"});
    if (i % 20 == 1) keys.insert(folder + "-x");
  }
  std::int64_t requests = 0;
  const ListServer server(keys, 50);
  const std::vector<std::string> listed = list_all(server, requests);
  EXPECT_EQ(listed, std::vector<std::string>(keys.begin(), keys.end()));
  EXPECT_GT(server.beside(), 0) << "the listing went on in parallel before it saw the small folders";
  EXPECT_LT(requests, 50);
}

}  // namespace
}  // namespace shoal::data
