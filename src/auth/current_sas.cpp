#include "auth/current_sas.hpp"

#include <utility>

namespace blobmount {
namespace {

std::shared_ptr<const SasFields> shared(SasFields fields) {
  return std::make_shared<const SasFields>(std::move(fields));
}

}  // namespace

Result<std::unique_ptr<CurrentSas>> CurrentSas::create(const SharedAccessSignature& given, Clock& clock,
                                                       Log& log) {
  std::unique_ptr<WatchedSecretFile> file;
  auto text = given.token;
  if (!given.file.empty()) {
    BM_ASSIGN(opened, WatchedSecretFile::open(given.file, clock, log));
    file = std::move(opened);
    text = file->current();
  }
  auto fields = parse_shared_access_signature(text);
  if (!fields)
    return file ? std::move(fields).error().within("'" + given.file + "'") : std::move(fields).error();

  std::unique_ptr<CurrentSas> current(new CurrentSas(std::move(file), log));
  const MutexLock lock(current->mutex_);
  current->seen_ = std::move(text);
  current->last_good_ = shared(*std::move(fields));
  return current;
}

std::shared_ptr<const SasFields> CurrentSas::get() {
  const MutexLock lock(mutex_);
  if (!file_) return last_good_;
  auto text = file_->current();  // the file's mutex comes after mutex_
  if (text == seen_) return last_good_;
  seen_ = std::move(text);
  if (auto fields = parse_shared_access_signature(seen_)) {
    last_good_ = shared(*std::move(fields));
    log_.info("the shared access signature was replaced", {{"expires", last_good_->expires}});
  } else {
    log_.warning("the new shared access signature is left aside; the last one is used on",
                 {{"reason", fields.error().message}});
  }
  return last_good_;
}

std::shared_ptr<const SasFields> CurrentSas::replacement_of(const std::shared_ptr<const SasFields>& used) {
  if (!file_) return nullptr;
  file_->refused();
  auto now = get();
  return now == used ? nullptr : now;
}

}  // namespace blobmount
