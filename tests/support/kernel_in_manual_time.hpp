#pragma once

/// Puts the kernel's knowledge of names under a test's clock. Between a FileSystem and the Adapter: the
/// kernel is told to believe each name for a day, and is told when the time is over that the FileSystem said,
/// in the time of the ManualClock. A name without time is passed on as such. What the kernel does with a name
/// whose time is over, it does here too: it keeps what it has of it, and asks again.
///
/// Attributes need no such thing: they belong to an inode, and are valid for ever (docs/adr/0002).

#include <atomic>
#include <map>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "blobmount/file_system.hpp"

#include "base/annotated_mutex.hpp"
#include "fakes/manual_clock.hpp"

struct fuse_session;

namespace blobmount::tests {

/// Safe to use from any thread.
class KernelInManualTime final : public FileSystem {
 public:
  /// Both outlive it.
  KernelInManualTime(FileSystem& files, ManualClock& clock) : files_(files), clock_(clock) {}

  void look_up(InodeId parent, const std::string& name, Completion<Lookup> done) override;
  void forget(InodeId inode, std::uint64_t count) override { files_.forget(inode, count); }
  Result<Attributes> attributes(InodeId inode) override { return files_.attributes(inode); }
  [[nodiscard]] std::string path_of(InodeId inode) const override { return files_.path_of(inode); }
  void open(InodeId inode, Completion<std::shared_ptr<OpenFile>> done) override;
  void open_directory(InodeId inode, Completion<std::shared_ptr<OpenDirectory>> done) override;
  void extended_attributes(InodeId inode, const std::string& wanted,
                           Completion<std::vector<ExtendedAttribute>> done) override;
  void serve(KernelCache* kernel) override { files_.serve(kernel); }
  void refresh(const std::string& path, std::function<void()> done) override {
    files_.refresh(path, std::move(done));
  }

  /// The mount that this is served to; outlives the calls below.
  void use(fuse_session* session) { session_ = session; }

  /// Let `step` pass, and have the kernel doubt what is too old by then, before this returns. Nothing is
  /// under way: the kernel may hold the lock of a directory that the notice needs.
  void advance(Duration step);
  /// The same while something is under way: only as far as no name becomes too old.
  void advance_to_next_end(Duration step);
  /// Have the kernel doubt now what would be too old after `step`.
  void doubt_ahead(Duration step);
  /// Whether no two answers can reach the kernel in another order than they were given. Else a name is
  /// doubted each time when one of its answers is too old.
  void answers_come_in_order(bool in_order) { in_order_ = in_order; }

  /// What the kernel has asked so far.
  [[nodiscard]] int lookups() const { return lookups_; }
  [[nodiscard]] int reads() const { return reads_; }
  /// Answers that were an Error whose message has that word.
  [[nodiscard]] int injected() const { return injected_; }

 private:
  class File;
  class DirectoryInManualTime;
  friend class File;

  using Name = std::pair<InodeId, std::string>;

  template <typename T>
  Completion<T> watched(Completion<T> done);
  /// What the kernel may be told instead of `believed_for`.
  Duration believe(InodeId parent, const std::string& name, Duration believed_for) BM_EXCLUDES(mutex_);
  std::vector<Name> take_ended(SteadyTime at) BM_EXCLUDES(mutex_);
  void doubt(const std::vector<Name>& names);

  FileSystem& files_;
  ManualClock& clock_;
  fuse_session* session_ = nullptr;
  std::atomic<bool> in_order_{true};
  std::atomic<int> lookups_{0}, reads_{0}, injected_{0};

  /// Held while the file system is asked: an age is what is left at a time, so no time passes before the
  /// answer is noted.
  std::shared_mutex time_stands_still_;
  Mutex mutex_;
  std::map<Name, std::vector<SteadyTime>> ends_ BM_GUARDED_BY(mutex_);
};

}  // namespace blobmount::tests
