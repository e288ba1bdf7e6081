#pragma once

/// What is made of a secret now: of the one that was given, or of the last good one of a watched file.

#include <memory>
#include <string>
#include <utility>

#include "blobmount/clock.hpp"
#include "blobmount/result.hpp"

#include "auth/secret_file.hpp"
#include "base/annotated_mutex.hpp"
#include "base/log.hpp"

namespace blobmount {

/// `Kind` has
///   Given, what the user gave, and Value, what is made of it;
///   name, as it stands in the log: "shared access signature";
///   text_of(Given), the secret that was given without a file;
///   parse(Secret, Given), a Value, or invalid_argument with a sentence that shows nothing of the secret;
///   expires(Value), a time for the log, or nothing.
///
/// Safe to use from any thread.
template <typename Kind>
class CurrentSecret {
 public:
  using Given = typename Kind::Given;
  using Value = typename Kind::Value;

  /// invalid_argument with a sentence that shows no secret, where there is no usable one. `clock` and `log`
  /// outlive it.
  static Result<std::unique_ptr<CurrentSecret>> create(const Given& given, Clock& clock, Log& log);

  /// Never null. A file that has become unreadable or unusable is logged once; what it held before is used
  /// on.
  [[nodiscard]] std::shared_ptr<const Value> get() BM_EXCLUDES(mutex_);
  /// The service refused `used`: the one to use instead, or null where there is none yet.
  [[nodiscard]] std::shared_ptr<const Value> replacement_of(const std::shared_ptr<const Value>& used)
      BM_EXCLUDES(mutex_);

 private:
  CurrentSecret(std::unique_ptr<WatchedSecretFile> file, const Given& given, Secret text, Value value,
                Log& log)
      : file_(std::move(file)),
        given_(file_ ? given : Given{}),
        log_(log),
        seen_(std::move(text)),
        last_good_(std::make_shared<const Value>(std::move(value))) {}

  const std::unique_ptr<WatchedSecretFile> file_;  ///< null: it never changes
  const Given given_;                              ///< with a file; without, nothing is kept of it
  Log& log_;

  Mutex mutex_;
  Secret seen_ BM_GUARDED_BY(mutex_);  ///< content of the file, usable or not
  std::shared_ptr<const Value> last_good_ BM_GUARDED_BY(mutex_);
};

template <typename Kind>
Result<std::unique_ptr<CurrentSecret<Kind>>> CurrentSecret<Kind>::create(const Given& given, Clock& clock,
                                                                         Log& log) {
  std::unique_ptr<WatchedSecretFile> file;
  auto text = Kind::text_of(given);
  if (!given.file.empty()) {
    BM_ASSIGN(opened, WatchedSecretFile::open(given.file, clock, log));
    file = std::move(opened);
    text = file->current();
  }
  auto value = Kind::parse(text, given);
  if (!value)
    return file ? std::move(value).error().within("'" + given.file + "'") : std::move(value).error();
  return std::unique_ptr<CurrentSecret>(
      new CurrentSecret(std::move(file), given, std::move(text), *std::move(value), log));
}

template <typename Kind>
auto CurrentSecret<Kind>::get() -> std::shared_ptr<const Value> {
  const MutexLock lock(mutex_);
  if (!file_) return last_good_;
  auto text = file_->current();  // the file's mutex comes after mutex_
  if (text == seen_) return last_good_;
  seen_ = std::move(text);
  const std::string name(Kind::name);
  if (auto value = Kind::parse(seen_, given_)) {
    last_good_ = std::make_shared<const Value>(*std::move(value));
    log_.info("the " + name + " was replaced", {{"expires", Kind::expires(*last_good_)}});
  } else {
    log_.warning("the new " + name + " is left aside; the last one is used on",
                 {{"reason", value.error().message}});
  }
  return last_good_;
}

template <typename Kind>
auto CurrentSecret<Kind>::replacement_of(const std::shared_ptr<const Value>& used)
    -> std::shared_ptr<const Value> {
  if (!file_) return nullptr;
  file_->refused();
  auto now = get();
  return now == used ? nullptr : now;
}

}  // namespace blobmount
