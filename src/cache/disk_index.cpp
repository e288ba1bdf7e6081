#include "cache/disk_index.hpp"

#include <algorithm>
#include <utility>

namespace blobmount {
namespace {

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

/// Bytes of the blob that stand in `pages`.
std::uint64_t length_of(const DiskIdentity& identity, const PageSet& pages) {
  if (pages.size() == 0) return 0;
  const auto last = page_count(identity) - 1;  // the only one that may be short
  const auto short_by = pages.contains(last) ? page_size - bytes_of({last, 1}, identity.blob_size).length : 0;
  return pages.size() * page_size - short_by;
}

bool is_known(const DiskRecord* record, const DiskIdentity& identity) {
  return record != nullptr && record->state == DiskRecord::State::known && record->check == identity.check;
}

void become_known(DiskRecord& record, const DiskIdentity& identity) {
  record.state = DiskRecord::State::known;
  record.check = identity.check & 0x3FFFFFFFU;
}

}  // namespace

DiskIndex::Plan DiskIndex::plan(const DiskIdentity& identity, PageRange pages) {
  const MutexLock lock(mutex_);
  auto* const record = table_.find(identity.name);
  if (record == nullptr) return {.entry = nullptr, .runs = {{pages, false}}};

  table_.used(*record);
  const bool anothers = record->state != DiskRecord::State::unread && !is_known(record, identity);
  if (anothers) return {.entry = nullptr, .runs = {{pages, false}}};
  return {.entry = hold(identity.name), .runs = runs_of(pages, record->pages)};
}

SharedEntry DiskIndex::find(DiskName name) {
  const MutexLock lock(mutex_);
  return table_.find(name) != nullptr ? hold(name) : nullptr;
}

bool DiskIndex::unread(DiskName name) {
  const MutexLock lock(mutex_);
  const auto* const record = table_.find(name);
  return record != nullptr && record->state == DiskRecord::State::unread;
}

bool DiskIndex::is_of(const SharedEntry& entry, const DiskIdentity& identity) {
  const MutexLock lock(mutex_);
  return is_known(record_of(entry), identity);
}

bool DiskIndex::complete(const DiskIdentity& identity) {
  const MutexLock lock(mutex_);
  const auto* const record = table_.find(identity.name);
  return is_known(record, identity) && record->pages.size() == page_count(identity);
}

bool DiskIndex::has(const DiskIdentity& identity, PageRange pages) {
  const MutexLock lock(mutex_);
  const auto* const record = table_.find(identity.name);
  return is_known(record, identity) && runs_of(pages, record->pages) == std::vector<PageRun>{{pages, true}};
}

std::uint64_t DiskIndex::bytes_kept(const DiskIdentity& identity) {
  const MutexLock lock(mutex_);
  const auto* const record = table_.find(identity.name);
  return is_known(record, identity) ? length_of(identity, record->pages) : 0;
}

void DiskIndex::found(DiskName name, std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  add(name, bytes);
}

void DiskIndex::learn(const SharedEntry& entry, const DiskIdentity& identity, PageSet pages) {
  const MutexLock lock(mutex_);
  auto* const record = record_of(entry);
  if (record == nullptr || record->state != DiskRecord::State::unread) return;
  become_known(*record, identity);
  resize(*record, space_of(identity, pages));
  count_memory(0, pages.footprint());
  record->pages = std::move(pages);
}

void DiskIndex::give_up(const SharedEntry& entry) {
  const MutexLock lock(mutex_);
  auto* const record = record_of(entry);
  if (record == nullptr || record->state != DiskRecord::State::unread) return;
  record->state = DiskRecord::State::useless;
}

SharedEntry DiskIndex::insert(const DiskIdentity& identity) {
  const MutexLock lock(mutex_);
  auto& record = add(identity.name, space_of(identity, PageSet{}));
  become_known(record, identity);
  return hold(identity.name);
}

void DiskIndex::wrote(const SharedEntry& entry, const DiskIdentity& identity, PageRange pages) {
  const MutexLock lock(mutex_);
  auto* const record = record_of(entry);
  if (record == nullptr) return;
  const auto memory = record->pages.footprint();
  for (auto page = pages.first; page < pages.end(); ++page) {
    if (record->pages.insert(page)) resize(*record, record->bytes + space_of(identity, page));
  }
  count_memory(memory, record->pages.footprint());
}

bool DiskIndex::lost(const SharedEntry& entry, const DiskIdentity& identity, std::uint64_t page) {
  const MutexLock lock(mutex_);
  auto* const record = record_of(entry);
  if (record == nullptr || !record->pages.erase(page)) return false;
  // of another version, if the hashes are the same: then its pages may take less
  resize(*record, record->bytes - std::min(record->bytes, space_of(identity, page)));
  return true;
}

std::uint64_t DiskIndex::forget(const SharedEntry& entry) {
  std::shared_ptr<DiskFile> closed;  // once the lock is free: to give the space back may take the disk's time
  const MutexLock lock(mutex_);
  auto* const record = record_of(entry);
  if (record == nullptr) return 0;
  closed = open_.erase(entry->name);
  const auto freed = record->bytes;
  resize(*record, 0);
  const auto memory = record->pages.footprint();
  table_.erase(*record);
  count_memory(memory, 0);
  held_.erase(entry->name);
  return freed;
}

std::vector<DiskName> DiskIndex::names() {
  std::vector<DiskName> names;
  const MutexLock lock(mutex_);
  names.reserve(table_.size());
  for (auto* record = table_.oldest(); record != nullptr; record = table_.newer(*record))
    names.push_back(record->name);
  return names;
}

SharedEntry DiskIndex::unused() {
  const MutexLock lock(mutex_);
  for (auto* record = table_.oldest(); record != nullptr; record = table_.newer(*record)) {
    const auto held = held_.find(record->name);
    if (held == held_.end() || held->second.expired()) return hold(record->name);
  }
  return nullptr;
}

std::size_t DiskIndex::versions() const {
  const MutexLock lock(mutex_);
  return table_.size();
}

std::uint64_t DiskIndex::bytes() const {
  const MutexLock lock(mutex_);
  return bytes_;
}

std::uint64_t DiskIndex::bytes_of(const SharedEntry& entry) {
  const MutexLock lock(mutex_);
  const auto* const record = record_of(entry);
  return record != nullptr ? record->bytes : 0;
}

SharedEntry DiskIndex::least_used(const SharedEntry& keep) {
  const MutexLock lock(mutex_);
  SharedEntry in_use;
  for (auto* record = table_.oldest(); record != nullptr; record = table_.newer(*record)) {
    const auto held = held_.find(record->name);
    auto entry = held != held_.end() ? held->second.lock() : nullptr;
    if (!entry) return hold(record->name);
    if (!in_use && entry != keep) in_use = std::move(entry);
  }
  return in_use;
}

bool DiskIndex::full() const {
  const MutexLock lock(mutex_);
  return (table_.size() + 1) * DiskTable::footprint_of_one + pages_memory_ > most_memory_;
}

void DiskIndex::postpone(const SharedEntry& entry) {
  const MutexLock lock(mutex_);
  if (auto* const record = record_of(entry)) table_.used(*record);
}

std::shared_ptr<DiskFile> DiskIndex::file(const SharedEntry& entry) {
  const MutexLock lock(mutex_);
  return record_of(entry) != nullptr ? open_.find(entry->name) : nullptr;
}

std::shared_ptr<DiskFile> DiskIndex::keep_open(const SharedEntry& entry, std::shared_ptr<DiskFile> file) {
  std::shared_ptr<DiskFile> closed;  // once the lock is free: that may take the disk's time
  const MutexLock lock(mutex_);
  if (record_of(entry) == nullptr) return file;
  if (auto open_already = open_.find(entry->name)) {
    closed = std::exchange(file, std::move(open_already));
    return file;
  }
  closed = open_.insert(entry->name, file);
  count_memory(0, 0);
  return file;
}

void DiskIndex::let_go(const SharedEntry& entry) {
  std::shared_ptr<DiskFile> closed;  // once the lock is free: that may take the disk's time
  const MutexLock lock(mutex_);
  if (record_of(entry) == nullptr) return;
  closed = open_.erase(entry->name);
  count_memory(0, 0);
}

std::vector<std::shared_ptr<DiskFile>> DiskIndex::open_files() {
  const MutexLock lock(mutex_);
  return open_.all();
}

SharedEntry DiskIndex::hold(DiskName name) {
  auto& held = held_[name];
  auto entry = held.lock();
  if (entry) return entry;
  entry = std::make_shared<const DiskEntry>(DiskEntry{name});
  held = entry;
  if (held_.size() >= sweep_held_at_) {
    std::erase_if(held_, [](const auto& each) { return each.second.expired(); });
    sweep_held_at_ = std::max<std::size_t>(64, 2 * held_.size());
  }
  return entry;
}

DiskRecord& DiskIndex::add(DiskName name, std::uint64_t bytes) {
  auto& record = table_.add(name);
  resize(record, bytes);
  count_memory(0, 0);
  return record;
}

DiskRecord* DiskIndex::record_of(const SharedEntry& entry) {
  if (!entry) return nullptr;
  const auto held = held_.find(entry->name);
  // one that was forgotten may have a successor of its name
  const bool known = held != held_.end() && held->second.lock() == entry;
  return known ? table_.find(entry->name) : nullptr;
}

void DiskIndex::resize(DiskRecord& record, std::uint64_t bytes) {
  bytes_ = bytes_ - record.bytes + bytes;
  record.bytes = bytes;
}

/// The page set of a version took so much beside the table, and now takes so much.
void DiskIndex::count_memory(std::size_t pages_before, std::size_t pages_after) {
  pages_memory_ = pages_memory_ - pages_before + pages_after;
  charge_.resize(table_.footprint() + pages_memory_ + open_.size() * OpenDiskFiles::footprint_of_one);
}

}  // namespace blobmount
