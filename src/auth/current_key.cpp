#include "auth/current_key.hpp"

#include <utility>

#include "auth/shared_key.hpp"

namespace blobmount {

Result<std::unique_ptr<CurrentKey>> CurrentKey::create(const SharedKey& given, Clock& clock, Log& log) {
  std::unique_ptr<WatchedSecretFile> file;
  auto text = given.key;
  if (!given.file.empty()) {
    BM_ASSIGN(opened, WatchedSecretFile::open(given.file, clock, log));
    file = std::move(opened);
    text = file->current();
  }
  BM_ASSIGN(binary, decode_shared_key(text));

  std::unique_ptr<CurrentKey> current(new CurrentKey(std::move(file), log));
  const MutexLock lock(current->mutex_);
  current->seen_ = std::move(text);
  current->last_good_ = std::move(binary);
  return current;
}

Secret CurrentKey::get() {
  const MutexLock lock(mutex_);
  if (!file_) return last_good_;
  auto text = file_->current();  // the file's mutex comes after mutex_
  if (text == seen_) return last_good_;
  seen_ = std::move(text);
  if (auto binary = decode_shared_key(seen_)) {
    last_good_ = *std::move(binary);
    log_.info("the account's key was replaced");
  } else {
    log_.warning("the new key of the account is left aside; the last one is used on",
                 {{"reason", binary.error().message}});
  }
  return last_good_;
}

}  // namespace blobmount
