#include "cache/disk_index.hpp"

#include <iterator>
#include <utility>

namespace blobmount {
namespace {

/// Versions whose files stay open, two descriptors each: half of the 1024 that a process usually may have.
constexpr std::size_t most_open = 256;

/// What a page takes on the disk, with its record.
std::uint64_t space_of(const DiskIdentity& identity, std::uint64_t page) {
  return disk_space(bytes_of({page, 1}, identity.blob_size).length) + sizeof(PageRecord);
}

std::uint64_t space_of(const DiskIdentity& identity, const PageSet& pages) {
  const auto header = disk_space(side_header(identity).size());
  if (pages.size() == 0) return header;
  const auto last = page_count(identity) - 1;  // the only one that may be short
  const std::uint64_t whole = pages.size() - (pages.contains(last) ? 1 : 0);
  return header + whole * (page_size + sizeof(PageRecord)) +
         (pages.contains(last) ? space_of(identity, last) : 0);
}

}  // namespace

DiskIndex::Plan DiskIndex::plan(const DiskIdentity& identity, PageRange pages) {
  const MutexLock lock(mutex_);
  const auto place = by_name_.find(identity.name);
  if (place == by_name_.end()) return {.entry = nullptr, .runs = {{pages, false}}};

  by_use_.splice(by_use_.end(), by_use_, place->second);
  const auto& entry = *place->second;
  if (entry->identity && entry->identity != identity) return {.entry = nullptr, .runs = {{pages, false}}};
  return {.entry = entry, .runs = runs_of(pages, entry->pages)};
}

SharedEntry DiskIndex::find(DiskName name) const {
  const MutexLock lock(mutex_);
  const auto place = by_name_.find(name);
  return place == by_name_.end() ? nullptr : *place->second;
}

bool DiskIndex::unread(const SharedEntry& entry) const {
  const MutexLock lock(mutex_);
  return !entry->identity;
}

bool DiskIndex::is_of(const SharedEntry& entry, const DiskIdentity& identity) const {
  const MutexLock lock(mutex_);
  return entry->identity == identity;
}

bool DiskIndex::complete(const DiskIdentity& identity) const {
  const MutexLock lock(mutex_);
  const auto place = by_name_.find(identity.name);
  if (place == by_name_.end() || (*place->second)->identity != identity) return false;
  return (*place->second)->pages.size() == page_count(identity);
}

void DiskIndex::found(DiskName name, std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  add(name, bytes);
}

void DiskIndex::learn(const SharedEntry& entry, const DiskIdentity& identity, PageSet pages) {
  const MutexLock lock(mutex_);
  if (!knows(entry) || entry->identity) return;
  entry->identity = identity;
  resize(*entry, space_of(identity, pages));
  entry->pages = std::move(pages);
}

void DiskIndex::give_up(const SharedEntry& entry) {
  const MutexLock lock(mutex_);
  if (!knows(entry) || entry->identity) return;
  entry->identity = DiskIdentity{};
}

SharedEntry DiskIndex::insert(const DiskIdentity& identity) {
  const MutexLock lock(mutex_);
  auto entry = add(identity.name, space_of(identity, PageSet{}));
  entry->identity = identity;
  return entry;
}

void DiskIndex::wrote(const SharedEntry& entry, PageRange pages) {
  const MutexLock lock(mutex_);
  if (!knows(entry)) return;
  for (auto page = pages.first; page < pages.end(); ++page) {
    if (entry->pages.insert(page)) resize(*entry, entry->bytes + space_of(*entry->identity, page));
  }
}

bool DiskIndex::lost(const SharedEntry& entry, std::uint64_t page) {
  const MutexLock lock(mutex_);
  if (!knows(entry) || !entry->pages.erase(page)) return false;
  resize(*entry, entry->bytes - space_of(*entry->identity, page));
  return true;
}

std::uint64_t DiskIndex::forget(const SharedEntry& entry) {
  std::shared_ptr<DiskFile> closed;  // once the lock is free: to give the space back may take the disk's time
  const MutexLock lock(mutex_);
  if (!knows(entry)) return 0;
  closed = entry->file.lock();
  std::erase(open_, closed);
  const auto freed = entry->bytes;
  resize(*entry, 0);
  const auto place = by_name_.find(entry->name);
  by_use_.erase(place->second);
  by_name_.erase(place);
  return freed;
}

std::uint64_t DiskIndex::bytes() const {
  const MutexLock lock(mutex_);
  return bytes_;
}

std::uint64_t DiskIndex::bytes_of(const SharedEntry& entry) const {
  const MutexLock lock(mutex_);
  return entry ? entry->bytes : 0;
}

SharedEntry DiskIndex::least_used(const SharedEntry& keep) const {
  const MutexLock lock(mutex_);
  SharedEntry in_use;
  for (const auto& entry : by_use_) {
    if (entry == keep) continue;
    if (entry.use_count() == 1) return entry;
    if (!in_use) in_use = entry;
  }
  return in_use;
}

void DiskIndex::postpone(const SharedEntry& entry) {
  const MutexLock lock(mutex_);
  if (knows(entry)) by_use_.splice(by_use_.end(), by_use_, by_name_.find(entry->name)->second);
}

std::shared_ptr<DiskFile> DiskIndex::file(const SharedEntry& entry) const {
  const MutexLock lock(mutex_);
  return entry->file.lock();
}

std::shared_ptr<DiskFile> DiskIndex::keep_open(const SharedEntry& entry, std::shared_ptr<DiskFile> file) {
  std::shared_ptr<DiskFile> closed;  // once the lock is free: that may take the disk's time
  const MutexLock lock(mutex_);
  if (!knows(entry)) return file;
  if (auto open_already = entry->file.lock()) {
    closed = std::exchange(file, std::move(open_already));
    return file;
  }

  entry->file = file;
  open_.push_back(file);
  if (open_.size() > most_open) {
    closed = std::move(open_.front());
    open_.pop_front();
  }
  return file;
}

void DiskIndex::let_go(const SharedEntry& entry) {
  std::shared_ptr<DiskFile> closed;  // once the lock is free: that may take the disk's time
  const MutexLock lock(mutex_);
  closed = entry->file.lock();
  std::erase(open_, closed);
  entry->file.reset();
}

std::vector<std::shared_ptr<DiskFile>> DiskIndex::open_files() const {
  const MutexLock lock(mutex_);
  std::vector<std::shared_ptr<DiskFile>> files;
  for (const auto& entry : by_use_) {
    if (auto file = entry->file.lock()) files.push_back(std::move(file));
  }
  return files;
}

SharedEntry DiskIndex::add(DiskName name, std::uint64_t bytes) {
  auto entry = std::make_shared<DiskEntry>(name, bytes);
  by_name_[name] = by_use_.insert(by_use_.end(), entry);
  bytes_ += bytes;
  return entry;
}

void DiskIndex::resize(DiskEntry& entry, std::uint64_t bytes) {
  bytes_ = bytes_ - entry.bytes + bytes;
  entry.bytes = bytes;
}

bool DiskIndex::knows(const SharedEntry& entry) const {
  const auto place = by_name_.find(entry->name);
  return place != by_name_.end() && *place->second == entry;
}

}  // namespace blobmount
