#include "fakes/fake_blob_store.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "fakes/exactly_once.hpp"

namespace blobmount::tests {
namespace {

/// As curl may cut a body: neither one byte nor all of it.
constexpr std::uint64_t longest_piece = 16 * 1024 - 7;

std::size_t index_of(FakeBlobStore::Call call) { return static_cast<std::size_t>(call); }

/// Whether all of them were wanted.
bool tell_pieces(const Content& content, ByteRange range, const OnPiece& piece) {
  std::vector<std::byte> buffer(std::min(range.length, longest_piece));
  for (auto offset = range.offset; offset < range.end();) {
    const auto size = std::min<std::uint64_t>(range.end() - offset, buffer.size());
    const std::span bytes(buffer.data(), size);
    content(offset, bytes);
    if (!piece(bytes)) return false;
    offset += size;
  }
  return true;
}

}  // namespace

FakeBlobStore::FakeBlobStore(Delivery delivery)
    : teller_(delivery == Delivery::own_thread ? std::make_unique<WorkerPool>("fake-store", 1) : nullptr) {}

FakeBlobStore::~FakeBlobStore() { release(); }

void FakeBlobStore::put_container(const std::string& name) {
  const MutexLock lock(mutex_);
  model_.put_container(name);
}

void FakeBlobStore::delete_container(const std::string& name) {
  const MutexLock lock(mutex_);
  model_.delete_container(name);
}

BlobProperties FakeBlobStore::put(const std::string& container, const std::string& blob, std::string text,
                                  const BlobTraits& traits) {
  const auto size = text.size();
  return put(container, blob, size, content_of(std::move(text)), traits);
}

BlobProperties FakeBlobStore::put(const std::string& container, const std::string& blob, std::uint64_t size,
                                  Content content, const BlobTraits& traits) {
  const MutexLock lock(mutex_);
  return model_.put(container, blob, size, std::move(content), traits);
}

void FakeBlobStore::remove(const std::string& container, const std::string& blob) {
  const MutexLock lock(mutex_);
  model_.remove(container, blob);
}

void FakeBlobStore::limit_pages(int entries) {
  const MutexLock lock(mutex_);
  model_.limit_pages(entries);
}

void FakeBlobStore::put_empty_pages_between(int count) {
  const MutexLock lock(mutex_);
  model_.put_empty_pages_between(count);
}

void FakeBlobStore::fail_next(Call call, Error error, int times) {
  const MutexLock lock(mutex_);
  auto& failures = failures_[index_of(call)];
  failures.insert(failures.end(), static_cast<std::size_t>(times), error);
}

int FakeBlobStore::calls(Call call) const {
  const MutexLock lock(mutex_);
  return calls_[index_of(call)];
}

int FakeBlobStore::calls() const {
  const MutexLock lock(mutex_);
  return std::accumulate(calls_.begin(), calls_.end(), 0);
}

void FakeBlobStore::hold() {
  const MutexLock lock(mutex_);
  holding_ = true;
}

std::size_t FakeBlobStore::held() const {
  const MutexLock lock(mutex_);
  return held_.size();
}

void FakeBlobStore::release() {
  std::deque<Answer> answers;
  {
    const MutexLock lock(mutex_);
    holding_ = false;
    answers.swap(held_);
  }
  for (auto& answer : answers) give(std::move(answer));
}

void FakeBlobStore::release_one() {
  Answer answer;
  {
    const MutexLock lock(mutex_);
    answer = std::move(held_.front());
    held_.pop_front();
  }
  give(std::move(answer));
}

void FakeBlobStore::wait_for_held(std::size_t count) {
  MutexLock lock(mutex_);
  while (held_.size() < count) held_more_.wait(lock.native());
}

void FakeBlobStore::list_containers(const ListContainersQuery& query, Completion<ContainerPage> done) {
  tell(std::move(done), outcome_of<ContainerPage>(Call::list_containers, [&](const BlobModel& model) {
         return model.list_containers(query);
       }));
}

void FakeBlobStore::get_container(const std::string& container, Completion<ContainerProperties> done) {
  tell(std::move(done), outcome_of<ContainerProperties>(Call::get_container, [&](const BlobModel& model) {
         return model.get_container(container);
       }));
}

void FakeBlobStore::list_blobs(const ListBlobsQuery& query, Completion<BlobPage> done) {
  auto page =
      outcome_of<BlobPage>(Call::list_blobs, [&](const BlobModel& model) { return model.list_blobs(query); });
  deliver([page = std::move(page), next_known = query.next_known, done = exactly_once(std::move(done))] {
    if (page && next_known && !page->next_marker.empty()) next_known(page->next_marker);
    done(page);
  });
}

void FakeBlobStore::get_properties(const std::string& container, const std::string& blob,
                                   Completion<BlobProperties> done) {
  tell(std::move(done), outcome_of<BlobProperties>(Call::get_properties, [&](const BlobModel& model) {
         return model.get_properties(container, blob);
       }));
}

void FakeBlobStore::read(const BlobVersion& version, ByteRange range, OnPiece piece, Completion<void> done) {
  auto content =
      outcome_of<Content>(Call::read, [&](const BlobModel& model) { return model.read(version, range); });
  deliver(
      [content = std::move(content), range, piece = std::move(piece), done = exactly_once(std::move(done))] {
        if (!content) return done(content.error());
        if (tell_pieces(*content, range, piece)) return done({});
        done(Error{ErrorCode::cancelled, "nobody wants the rest"});
      });
}

template <typename T>
Result<T> FakeBlobStore::outcome_of(Call call, const std::function<Result<T>(const BlobModel&)>& question) {
  const MutexLock lock(mutex_);
  ++calls_[index_of(call)];
  auto& failures = failures_[index_of(call)];
  if (failures.empty()) return question(model_);
  auto error = std::move(failures.front());
  failures.pop_front();
  return error;
}

template <typename T>
void FakeBlobStore::tell(Completion<T> done, Result<T> outcome) {
  deliver([done = exactly_once(std::move(done)), outcome = std::move(outcome)] { done(outcome); });
}

void FakeBlobStore::deliver(Answer answer) {
  {
    const MutexLock lock(mutex_);
    if (holding_) {
      held_.push_back(std::move(answer));
      held_more_.notify_all();
      return;
    }
  }
  give(std::move(answer));
}

void FakeBlobStore::give(Answer answer) {
  if (teller_) {
    teller_->submit(std::move(answer));
  } else {
    answer();
  }
}

}  // namespace blobmount::tests
