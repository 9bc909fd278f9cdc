#include <algorithm>
#include <cstring>
#include <deque>
#include <utility>

#include <shoal/data/storage.h>

#include "data/io/object_store.h"

namespace shoal::data::inline v1 {
namespace {

constexpr std::int64_t k_chunk_bytes = 4 << 20;  // one request: long enough that its latency does not count
constexpr std::size_t k_chunks_ahead = 3;        // requests in flight while one chunk is read

Location locate(const ObjectHandle& handle, const StorageOptions& storage) {
  return process_storage_clients().locate(handle.uri, storage).value_or_throw();
}

}  // namespace

/// An object read chunk by chunk, the next chunks already asked for.
struct ObjectHandle::Reader::State {
  Location location;
  std::int64_t size = 0;
  std::string etag;
  std::int64_t asked = 0;                         // bytes that requests were sent for
  std::deque<std::unique_ptr<BulkReader>> ahead;  // one chunk each
  Bytes chunk;
  std::size_t used = 0;  // of chunk
  Status failed;         // of a chunk: what follows it is no longer this object's order

  void ask_ahead() {
    while (ahead.size() < k_chunks_ahead && asked < size) {
      ReadRequest request{.key = location.key, .offset = asked, .etag = etag, .size_hint = size};
      request.length = std::min(k_chunk_bytes, size - asked);
      asked += request.length;
      ahead.push_back(location.store->read_many(location.root, {std::move(request)}));
      ahead.back()->prepare();
    }
  }
};

ObjectHandle::Reader::Reader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ObjectHandle::Reader::Reader(Reader&&) noexcept = default;
ObjectHandle::Reader& ObjectHandle::Reader::operator=(Reader&&) noexcept = default;
ObjectHandle::Reader::~Reader() = default;

std::int64_t ObjectHandle::Reader::size() const { return state_->size; }

std::size_t ObjectHandle::Reader::read(std::span<std::uint8_t> out) {
  State& state = *state_;
  state.failed.throw_if_error();
  std::size_t done = 0;
  while (done < out.size()) {
    if (state.used == state.chunk.size()) {
      state.ask_ahead();
      if (state.ahead.empty()) break;
      std::unique_ptr<BulkReader> reader = std::move(state.ahead.front());
      state.ahead.pop_front();
      Result<Bytes> chunk = reader->next();
      state.failed = chunk.status();
      state.failed.throw_if_error();
      state.chunk = std::move(*chunk);
      state.used = 0;
      state.ask_ahead();
    }
    std::size_t n = std::min(out.size() - done, state.chunk.size() - state.used);
    std::memcpy(out.data() + done, state.chunk.data() + state.used, n);
    state.used += n;
    done += n;
  }
  return done;
}

ObjectHandle::Reader ObjectHandle::open(const StorageOptions& storage) const {
  auto state = std::make_unique<Reader::State>();
  state->location = locate(*this, storage);
  state->size = size;
  state->etag = etag;
  if (size < 0 || etag.empty()) {  // the etag keeps chunks of two versions from being mixed
    ObjectInfo info = state->location.store->info(state->location.root, state->location.key).value_or_throw();
    state->size = info.size;
    state->etag = etag.empty() ? info.etag : etag;
  }
  state->ask_ahead();
  return Reader(std::move(state));
}

Bytes ObjectHandle::read(const StorageOptions& storage) const {
  Location location = locate(*this, storage);
  ReadRequest request{.key = location.key, .etag = etag, .size_hint = size};
  return location.store->read(location.root, request).value_or_throw();
}

}  // namespace shoal::data::inline v1
