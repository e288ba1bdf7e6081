#include "support/kernel_in_manual_time.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>

#include <linux/fuse.h>
#include <sys/uio.h>

#include "fuse/fuse_api.hpp"

namespace blobmount::tests {
namespace {

/// No test runs for so long.
constexpr Duration for_ever = std::chrono::hours{24};

/// FUSE_EXPIRE_ONLY, which older headers lack; older kernels drop the name altogether, which is as good but
/// for what they know below a directory.
constexpr std::uint32_t expire_only = 1;

/// Holds a lock for this thread, unless it does already: an answer may ask something in turn.
class StandingStill {
 public:
  explicit StandingStill(std::shared_mutex& mutex) {
    if (depth()++ == 0) lock_.emplace(mutex);
  }
  ~StandingStill() { --depth(); }
  StandingStill(const StandingStill&) = delete;
  StandingStill& operator=(const StandingStill&) = delete;

 private:
  static int& depth() {
    thread_local int depth = 0;
    return depth;
  }
  std::optional<std::shared_lock<std::shared_mutex>> lock_;
};

}  // namespace

class KernelInManualTime::File final : public OpenFile {
 public:
  File(KernelInManualTime& kernel, std::shared_ptr<OpenFile> file)
      : kernel_(kernel), file_(std::move(file)) {}

  void read(std::uint64_t offset, std::size_t size, Completion<Bytes> done, ReadId id) override {
    ++kernel_.reads_;
    const StandingStill still(kernel_.time_stands_still_);
    file_->read(offset, size, kernel_.watched(std::move(done)), id);
  }
  void give_up(std::uint64_t offset, std::size_t size, ReadId id) override {
    const StandingStill still(kernel_.time_stands_still_);
    file_->give_up(offset, size, id);
  }
  std::optional<LocalFile> local_file() override { return file_->local_file(); }

 private:
  KernelInManualTime& kernel_;
  const std::shared_ptr<OpenFile> file_;
};

class KernelInManualTime::DirectoryInManualTime final : public OpenDirectory {
 public:
  DirectoryInManualTime(KernelInManualTime& kernel, InodeId inode, std::shared_ptr<OpenDirectory> directory)
      : kernel_(kernel), inode_(inode), directory_(std::move(directory)) {}

  [[nodiscard]] ListingId listing() const override { return directory_->listing(); }
  void wait_for(std::size_t index, Completion<std::size_t> done) override {
    const StandingStill still(kernel_.time_stands_still_);
    directory_->wait_for(index, kernel_.watched(std::move(done)));
  }
  [[nodiscard]] Item item(std::size_t index) const override { return directory_->item(index); }
  Entry look_up(std::size_t index) override {
    const StandingStill still(kernel_.time_stands_still_);
    auto entry = directory_->look_up(index);
    entry.valid_for = kernel_.believe(inode_, std::string(item(index).name), entry.valid_for);
    return entry;
  }

 private:
  KernelInManualTime& kernel_;
  const InodeId inode_;
  const std::shared_ptr<OpenDirectory> directory_;
};

template <typename T>
Completion<T> KernelInManualTime::watched(Completion<T> done) {
  return [this, done = std::move(done)](Result<T> answer) {
    if (!answer && answer.error().message.find("injected") != std::string::npos) ++injected_;
    done(std::move(answer));
  };
}

void KernelInManualTime::look_up(InodeId parent, const std::string& name, Completion<Lookup> done) {
  ++lookups_;
  const StandingStill still(time_stands_still_);
  files_.look_up(parent, name,
                 watched<Lookup>([this, parent, name, done = std::move(done)](Result<Lookup> found) {
                   if (!found) return done(std::move(found));
                   auto& time = found->entry ? found->entry->valid_for : found->absent_for;
                   time = believe(parent, name, time);
                   done(std::move(found));
                 }));
}

void KernelInManualTime::open(InodeId inode, Completion<std::shared_ptr<OpenFile>> done) {
  using Opened = std::shared_ptr<OpenFile>;
  const StandingStill still(time_stands_still_);
  files_.open(inode, watched<Opened>([this, done = std::move(done)](Result<Opened> file) {
                if (!file) return done(std::move(file));
                done(std::make_shared<File>(*this, *std::move(file)));
              }));
}

void KernelInManualTime::open_directory(InodeId inode, Completion<std::shared_ptr<OpenDirectory>> done) {
  using Opened = std::shared_ptr<OpenDirectory>;
  const StandingStill still(time_stands_still_);
  files_.open_directory(inode,
                        watched<Opened>([this, inode, done = std::move(done)](Result<Opened> directory) {
                          if (!directory) return done(std::move(directory));
                          done(std::make_shared<DirectoryInManualTime>(*this, inode, *std::move(directory)));
                        }));
}

void KernelInManualTime::extended_attributes(InodeId inode, const std::string& wanted,
                                             Completion<std::vector<ExtendedAttribute>> done) {
  const StandingStill still(time_stands_still_);
  files_.extended_attributes(inode, wanted, watched(std::move(done)));
}

Duration KernelInManualTime::believe(InodeId parent, const std::string& name, Duration believed_for) {
  const MutexLock lock(mutex_);
  auto& ends = ends_[{parent, name}];
  if (in_order_) ends.clear();
  if (believed_for <= Duration{0}) return Duration{0};
  ends.push_back(clock_.now() + believed_for);
  return for_ever;
}

void KernelInManualTime::advance(Duration step) {
  SteadyTime now;
  {
    const std::unique_lock still(time_stands_still_);
    clock_.advance(step);
    now = clock_.now();
  }
  doubt(take_ended(now));
}

void KernelInManualTime::advance_to_next_end(Duration step) {
  const std::unique_lock still(time_stands_still_);
  const auto now = clock_.now();
  {
    const MutexLock lock(mutex_);
    for (const auto& [name, ends] : ends_) {
      for (const auto end : ends)
        step = std::min(step, std::chrono::floor<Duration>(end - now) - Duration{1});
    }
  }
  clock_.advance(std::max(step, Duration{0}));
}

void KernelInManualTime::doubt_ahead(Duration step) { doubt(take_ended(clock_.now() + step)); }

std::vector<KernelInManualTime::Name> KernelInManualTime::take_ended(SteadyTime at) {
  std::vector<Name> ended;
  const MutexLock lock(mutex_);
  for (auto next = ends_.begin(); next != ends_.end();) {
    auto& [name, ends] = *next;
    if (std::erase_if(ends, [at](SteadyTime end) { return end <= at; }) > 0) ended.push_back(name);
    next = ends.empty() ? ends_.erase(next) : std::next(next);
  }
  return ended;
}

/// As KernelNotices does it, but that the kernel keeps the name, as it keeps one whose time is over.
void KernelInManualTime::doubt(const std::vector<Name>& names) {
  for (const auto& [parent, name] : names) {
    fuse_notify_inval_entry_out notice{};
    notice.parent = parent;
    notice.namelen = static_cast<std::uint32_t>(name.size());
    // the last field, flags, is called padding in older headers
    static_assert(sizeof notice == 16);
    std::memcpy(reinterpret_cast<char*>(&notice) + 12, &expire_only, sizeof expire_only);
    const auto length = sizeof(fuse_out_header) + sizeof notice + name.size() + 1;
    fuse_out_header head{
        .len = static_cast<std::uint32_t>(length), .error = FUSE_NOTIFY_INVAL_ENTRY, .unique = 0};
    const std::array<iovec, 3> parts{iovec{&head, sizeof head}, iovec{&notice, sizeof notice},
                                     iovec{const_cast<char*>(name.c_str()), name.size() + 1}};
    // the kernel need not know it any more
    (void)!::writev(fuse_session_fd(session_), parts.data(), static_cast<int>(parts.size()));
  }
}

}  // namespace blobmount::tests
