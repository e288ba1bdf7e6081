#include "cache/disk_check.hpp"

#include <cstddef>
#include <future>
#include <memory>
#include <utility>
#include <vector>

namespace blobmount {
namespace {

/// Versions of which it is remembered, at 40 bytes or so each: a MiB that no budget counts.
constexpr std::size_t most_checked = 25000;

/// Who opens one of the others asks again.
constexpr std::size_t most_waiting = 4096;

}  // namespace

std::optional<LocalFile> DiskCheck::local_file(const SharedIdentity& identity) {
  auto& index = store_.index();
  if (stopped_) return std::nullopt;
  if (!index.complete(*identity)) {
    if (index.unread(identity->name)) check_later(identity);
    return std::nullopt;
  }
  const auto entry = index.find(identity->name);
  const auto file = index.file(entry);
  if (!file || file->identity() != *identity || !is_checked(*file)) {
    check_later(identity);
    return std::nullopt;
  }
  index.postpone(entry);
  return LocalFile{.descriptor = {file, file->descriptor()}, .use = entry};
}

void DiskCheck::check_later(const SharedIdentity& identity) {
  {
    const MutexLock lock(mutex_);
    if (stopped_ || waiting_.size() >= most_waiting || !waiting_.insert(identity->name).second) return;
  }
  thread_.submit([this, identity, round = round_.load()] {
    check(*identity, round);
    const MutexLock lock(mutex_);
    waiting_.erase(identity->name);
  });
}

void DiskCheck::give_up() {
  const auto idle = std::make_shared<std::promise<void>>();
  thread_.submit([idle] { idle->set_value(); });
  ++round_;  // now, so that all that comes before that is of a round that is over
  idle->get_future().wait();
}

void DiskCheck::stop() {
  stopped_ = true;
  thread_.stop();
}

void DiskCheck::check(const DiskIdentity& identity, Round round) {
  if (is_given_up(round) || !store_.learn(identity) || !store_.index().complete(identity)) return;
  const auto entry = store_.index().find(identity.name);
  if (!entry) return;
  const auto file = store_.file(entry, identity);
  if (!file) return on_bad_(entry, identity, 0, file.error());  // to be read from below, and made anew
  if (is_checked(**file)) return;

  // before the first page is read: what changes meanwhile has another stamp
  const auto stamp = (*file)->stamp();
  if (stamp && check_pages(entry, **file, identity, round)) note_checked(identity.name, *stamp);
}

bool DiskCheck::is_checked(DiskFile& file) {
  const auto stamp = file.stamp();
  if (!stamp) return false;
  const MutexLock lock(mutex_);
  const auto known = checked_.find(file.identity().name);
  return known != checked_.end() && known->second == *stamp;
}

void DiskCheck::note_checked(DiskName name, FileStamp stamp) {
  const MutexLock lock(mutex_);
  if (checked_.size() >= most_checked) checked_.clear();  // to check some once more costs little
  checked_[name] = stamp;
}

bool DiskCheck::check_pages(const SharedEntry& entry, DiskFile& file, const DiskIdentity& identity,
                            Round round) {
  bool good = true;
  std::vector<std::byte> buffer(page_size);
  for (std::uint64_t page = 0; page < page_count(identity); ++page) {
    if (is_given_up(round)) return false;
    if (auto outcome = file.read(page, buffer.data()); !outcome) {
      on_bad_(entry, identity, page, outcome.error());
      good = false;
    }
  }
  return good;
}

}  // namespace blobmount
