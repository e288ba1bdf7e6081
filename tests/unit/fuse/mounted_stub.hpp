#pragma once

/// A file system of a few names that a test dictates, mounted in the real kernel.

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/annotated_mutex.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/recording_log.hpp"
#include "fuse/adapter.hpp"
#include "fuse/session.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount::tests {

/// Items that come in parts; index by index they are files "name" with the inode index + 1000.
class StubDirectory final : public OpenDirectory {
 public:
  /// The items so far; `complete`: no more will come. Answers who waited.
  void add(const std::vector<std::string>& names, bool complete) BM_EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      names_.insert(names_.end(), names.begin(), names.end());
      complete_ = complete;
    }
    answer_all();
  }
  void fail(const Error& error) BM_EXCLUDES(mutex_) {
    {
      const MutexLock lock(mutex_);
      failure_ = error;
    }
    answer_all();
  }

  [[nodiscard]] ListingId listing() const override { return listing_; }

  void wait_for(std::size_t index, Completion<std::size_t> done) override BM_EXCLUDES(mutex_) {
    ++asked;
    {
      const MutexLock lock(mutex_);
      waiting_.push_back({index, std::move(done)});
    }
    answer_all();
  }
  [[nodiscard]] Item item(std::size_t index) const override BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return {.name = names_[index], .kind = FileKind::file, .number = index + 1000};
  }
  Entry look_up(std::size_t index) override {
    return {.attributes = {.inode = index + 1000, .number = index + 1000},
            .valid_for = std::chrono::hours{24}};
  }

  std::atomic<int> asked{0};  ///< for items

 private:
  struct Waiting {
    std::size_t index;
    Completion<std::size_t> done;
  };

  void answer_all() BM_EXCLUDES(mutex_) {
    std::vector<std::function<void()>> answers;
    {
      const MutexLock lock(mutex_);
      std::vector<Waiting> later;
      for (auto& one : waiting_) {
        if (one.index < names_.size() || complete_) {
          answers.emplace_back([done = std::move(one.done), count = names_.size()] { done(count); });
        } else if (failure_) {
          answers.emplace_back([done = std::move(one.done), error = *failure_] { done(error); });
        } else {
          later.push_back(std::move(one));
        }
      }
      waiting_ = std::move(later);
    }
    for (const auto& answer : answers) answer();
  }

  static inline std::atomic<ListingId> last_listing{0};

  const ListingId listing_ = ++last_listing;
  mutable Mutex mutex_;
  std::deque<std::string> names_ BM_GUARDED_BY(mutex_);  // keeps each where it is
  bool complete_ BM_GUARDED_BY(mutex_) = false;
  std::optional<Error> failure_ BM_GUARDED_BY(mutex_);
  std::vector<Waiting> waiting_ BM_GUARDED_BY(mutex_);
};

/// Knows each name that begins with "file": an empty file for a day, as far as the kernel is told.
class StubFileSystem final : public FileSystem {
 public:
  static constexpr InodeId file = 2;
  using LookUpHook = std::function<void(InodeId, const std::string&)>;

  void look_up(InodeId parent, const std::string& name, Completion<Lookup> done) override
      BM_EXCLUDES(mutex_) {
    ++lookups;
    if (const auto hook = look_up_hook()) hook(parent, name);
    if (name.starts_with("held")) {
      const MutexLock lock(mutex_);
      held_.push_back(std::move(done));
      return;
    }
    if (!name.starts_with("file")) return done(Lookup{.absent_for = std::chrono::hours{24}});
    done(Lookup{.entry = Entry{attributes_of(file), std::chrono::hours{24}}});
  }
  void forget(InodeId /*inode*/, std::uint64_t /*count*/) override {}
  Result<Attributes> attributes(InodeId inode) override { return attributes_of(inode); }
  [[nodiscard]] std::string path_of(InodeId inode) const override {
    return inode == root_inode ? "" : "inode-" + std::to_string(inode);
  }
  void open(InodeId /*inode*/, Completion<std::shared_ptr<OpenFile>> done) override {
    done(std::make_shared<StubFile>(*this));
  }
  void open_directory(InodeId /*inode*/, Completion<std::shared_ptr<OpenDirectory>> done) override {
    done(shown_directory());
  }
  void extended_attributes(InodeId /*inode*/, const std::string& /*wanted*/,
                           Completion<std::vector<ExtendedAttribute>> done) override BM_EXCLUDES(mutex_) {
    ++asked_for_attributes;
    if (const auto hook = attributes_hook()) hook();
    auto answer = Result<std::vector<ExtendedAttribute>>(std::vector<ExtendedAttribute>());
    {
      const MutexLock lock(mutex_);
      answer = extended_;
    }
    done(std::move(answer));
  }
  void serve(KernelCache* /*kernel*/) override {}
  void refresh(const std::string& /*path*/, std::function<void()> done) override { done(); }

  /// Lookups of names that begin with "held" wait for this, which answers them with `cancelled`.
  void release() BM_EXCLUDES(mutex_) {
    std::vector<Completion<Lookup>> held;
    {
      const MutexLock lock(mutex_);
      held.swap(held_);
    }
    for (const auto& done : held) done(Error{ErrorCode::cancelled, "released"});
  }

  /// From now on, of every file.
  void set_extended(Result<std::vector<ExtendedAttribute>> extended) BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    extended_ = std::move(extended);
  }
  /// From now on, runs before extended attributes are answered.
  void on_attributes(std::function<void()> hook) BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    attributes_hook_ = std::move(hook);
  }
  /// From now on, the root is this.
  void show(std::shared_ptr<StubDirectory> other) BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    shown_ = std::move(other);
  }
  /// From now on, runs before a lookup is answered.
  void on_look_up(LookUpHook hook) BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    look_up_hook_ = std::move(hook);
  }

  std::atomic<int> lookups{0};
  std::atomic<int> reads{0};
  std::atomic<int> asked_for_attributes{0};
  const std::shared_ptr<StubDirectory> directory = std::make_shared<StubDirectory>();  ///< the root, at first
  std::atomic<bool> reads_are_held{false};  ///< until they are given up, or answer_held_reads()
  [[nodiscard]] std::size_t held_lookups() const BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return held_.size();
  }
  [[nodiscard]] std::size_t held_reads() const BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return held_reads_.size();
  }
  void answer_held_reads() BM_EXCLUDES(mutex_) {
    std::map<ReadId, Completion<Bytes>> answered;
    {
      const MutexLock lock(mutex_);
      answered.swap(held_reads_);
    }
    for (const auto& [id, done] : answered) done(zeros(file_size));
  }

 private:
  static constexpr std::size_t file_size = 4096;

  static Bytes zeros(std::size_t size) {
    return {
        {{std::shared_ptr<const std::byte>(new std::byte[file_size](), std::default_delete<std::byte[]>()),
          size}}};
  }

  class StubFile final : public OpenFile {
   public:
    explicit StubFile(StubFileSystem& files) : files_(files) {}
    void read(std::uint64_t /*offset*/, std::size_t size, Completion<Bytes> done, ReadId id) override {
      ++files_.reads;
      if (files_.reads_are_held) return files_.hold(id, std::move(done));
      done(zeros(std::min(size, file_size)));
    }
    std::optional<LocalFile> local_file() override { return std::nullopt; }
    void give_up(std::uint64_t /*offset*/, std::size_t /*size*/, ReadId id) override { files_.give_up(id); }

   private:
    StubFileSystem& files_;
  };

  void hold(ReadId id, Completion<Bytes> done) BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    held_reads_.emplace(id, std::move(done));
  }
  void give_up(ReadId id) BM_EXCLUDES(mutex_) {
    Completion<Bytes> done;
    {
      const MutexLock lock(mutex_);
      if (auto held = held_reads_.extract(id)) done = std::move(held.mapped());
    }
    if (done) done(Error{ErrorCode::cancelled, "given up"});
  }

  static Attributes attributes_of(InodeId inode) {
    const auto kind = inode == root_inode ? FileKind::directory : FileKind::file;
    return {.inode = inode, .number = inode, .kind = kind, .size = kind == FileKind::file ? file_size : 0};
  }

  std::function<void()> attributes_hook() const BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return attributes_hook_;
  }
  std::shared_ptr<StubDirectory> shown_directory() const BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return shown_;
  }
  LookUpHook look_up_hook() const BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return look_up_hook_;
  }

  mutable Mutex mutex_;
  std::vector<Completion<Lookup>> held_ BM_GUARDED_BY(mutex_);
  std::map<ReadId, Completion<Bytes>> held_reads_ BM_GUARDED_BY(mutex_);
  Result<std::vector<ExtendedAttribute>> extended_ BM_GUARDED_BY(mutex_){std::vector<ExtendedAttribute>{}};
  LookUpHook look_up_hook_ BM_GUARDED_BY(mutex_);
  std::function<void()> attributes_hook_ BM_GUARDED_BY(mutex_);
  std::shared_ptr<StubDirectory> shown_ BM_GUARDED_BY(mutex_) = directory;
};

/// Served by a thread of its own until the end of the test, or end_serving().
class MountedStub {
 public:
  MountedStub() {
    auto mounted = Session::mount({directory_.path(), "stub", false}, adapter_);
    if (!mounted) throw std::runtime_error(mounted.error().message);
    session_ = *std::move(mounted);
    thread_ = std::thread([this] { EXPECT_TRUE(session_->serve()); });
  }
  ~MountedStub() { end_serving(); }
  MountedStub(const MountedStub&) = delete;
  MountedStub& operator=(const MountedStub&) = delete;

  /// As a signal does: the mount is still there.
  void end_serving() {
    if (!thread_.joinable()) return;
    pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
  }

  [[nodiscard]] std::string path(const std::string& name) const { return directory_.path() / name; }
  [[nodiscard]] fuse_session* session() const { return session_->handle(); }

  /// Its errno, or 0.
  [[nodiscard]] int stat(const std::string& name) const {
    struct stat status {};
    return ::stat(path(name).c_str(), &status) == 0 ? 0 : errno;
  }

  StubFileSystem files;
  RecordingLog log;

 private:
  const TemporaryDirectory directory_{};
  ManualClock clock_;
  FailureLog failures_{log, clock_, clock_};
  Adapter adapter_{files, {}, {}, log, failures_, [] {}};
  std::unique_ptr<Session> session_;
  std::thread thread_;
};

}  // namespace blobmount::tests
