#include "cache/disk_store.hpp"

#include "cache/disk_scan.hpp"

namespace blobmount {
namespace {

/// There are no files, or broken ones. Any other error may pass, and says nothing about them.
bool are_of_no_use(const Error& error) {
  return error.code == ErrorCode::not_found || error.code == ErrorCode::corrupt;
}

}  // namespace

Result<std::unique_ptr<DiskStore>> DiskStore::open(std::unique_ptr<CacheDirectory> directory) {
  auto files = directory->list();
  if (!files) return std::move(files).error().within("cache directory");
  const auto scan = scan_of(*files);
  // one that cannot be removed takes space, and does no other harm
  for (const auto& orphan : scan.orphans) (void)directory->remove(orphan);

  auto store = std::make_unique<DiskStore>(std::move(directory));
  for (const auto& version : scan.versions) store->index_.found(version.name, version.bytes);
  return store;
}

Status DiskStore::learn(const DiskIdentity& identity) {
  const auto entry = index_.find(identity.name);
  if (!entry || !index_.unread(entry)) return {};

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
  if (auto opened = index_.file(entry)) return opened;
  BM_ASSIGN(opened, DiskFile::open(*directory_, identity));
  (void)opened->touch();  // only the order of eviction suffers
  return index_.keep_open(entry, std::move(opened));
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
