#include "cache/disk_store.hpp"

#include "cache/disk_scan.hpp"

namespace blobmount {
namespace {

/// There are no files, or broken ones. Any other error may pass, and says nothing about them.
bool are_of_no_use(const Error& error) {
  return error.code == ErrorCode::not_found || error.code == ErrorCode::corrupt;
}

}  // namespace

Result<std::unique_ptr<DiskStore>> DiskStore::open(std::unique_ptr<CacheDirectory> directory,
                                                   MemoryBudget& budget) {
  auto store = std::make_unique<DiskStore>(std::move(directory), budget);
  const auto versions = scan(*store->directory_, store->index_.most_versions());
  if (!versions) return Error(versions.error()).within("cache directory");
  for (const auto& version : *versions) store->index_.found(version.name, version.bytes);
  return store;
}

Status DiskStore::learn(const DiskIdentity& identity) {
  const auto entry = index_.find(identity.name);
  if (!entry || !index_.unread(identity.name)) return {};

  auto opened = file(entry, identity);
  auto pages = opened ? (*opened)->pages() : Result<PageSet>(std::move(opened).error());
  if (pages) {
    index_.learn(entry, identity, *std::move(pages));
    return {};
  }
  if (!are_of_no_use(pages.error())) return std::move(pages).error();
  index_.give_up(entry);
  return {};
}

Result<std::shared_ptr<DiskFile>> DiskStore::file(const SharedEntry& entry, const DiskIdentity& identity) {
  auto file = index_.file(entry);
  if (!file) {
    BM_ASSIGN(opened, DiskFile::open(*directory_, identity));
    (void)opened->touch();  // only the order of eviction suffers
    file = index_.keep_open(entry, std::move(opened));
  }
  // who opened it may have been after another version that has the same hashes
  if (file->identity() != identity) return Error{ErrorCode::corrupt, "the files are another version's"};
  return file;
}

Result<std::shared_ptr<DiskFile>> DiskStore::look_at(DiskName name) {
  BM_ASSIGN(identity, DiskFile::identity_of(*directory_, name));
  BM_ASSIGN(file, DiskFile::open(*directory_, identity));
  BM_TRY(file->check_size());
  return file;
}

void DiskStore::remember_use() {
  for (const auto& file : index_.open_files()) (void)file->touch();
}

Result<DiskStore::Writable> DiskStore::writable(const DiskIdentity& identity) {
  BM_TRY(learn(identity));
  if (auto entry = index_.find(identity.name)) {
    if (index_.is_of(entry, identity)) {
      auto opened = file(entry, identity);
      if (opened) return Writable{std::move(entry), *std::move(opened)};
      if (!are_of_no_use(opened.error())) return std::move(opened).error();
    }
    BM_TRY(evict(entry));
  }

  BM_ASSIGN(file, DiskFile::create(*directory_, identity));
  auto entry = index_.insert(identity);
  index_.keep_open(entry, file);
  return Writable{std::move(entry), std::move(file)};
}

Result<std::uint64_t> DiskStore::evict(const SharedEntry& entry) {
  BM_TRY(DiskFile::remove(*directory_, entry->name));
  return index_.forget(entry);
}

}  // namespace blobmount
