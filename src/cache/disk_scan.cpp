#include "cache/disk_scan.hpp"

#include <algorithm>
#include <utility>

#include "cache/disk_file.hpp"

namespace blobmount {
namespace {

/// A scan under way. Side files first: they tell how many versions there are, and which of them are old.
class Scan {
 public:
  Scan(CacheDirectory& directory, std::size_t most) : directory_(directory), most_(most) {
    versions_.reserve(most_ + most_ / 4 + 1);  // costs nothing until it is used; to grow takes twice as much
  }

  void side_file(const FoundFile& file) {
    const auto parsed = parse_file_name(file.name);
    if (!parsed) return;
    versions_.push_back({.name = parsed->name, .bytes = file.allocated, .modified = file.modified});
    // not at each one more: to find the oldest takes a look at all
    if (versions_.size() > most_ + most_ / 4) keep_the_latest();
  }

  void end_of_side_files() {
    if (versions_.size() > most_) keep_the_latest();
    std::ranges::sort(versions_, {}, &FoundVersion::name);
    paired_.resize(versions_.size());
  }

  void data_file(const FoundFile& file) {
    const auto parsed = parse_file_name(file.name);
    if (!parsed) return;
    const auto version = std::ranges::lower_bound(versions_, parsed->name, {}, &FoundVersion::name);
    if (version == versions_.end() || version->name != parsed->name) {
      (void)directory_.remove(file.name);
      return;
    }
    version->bytes += file.allocated;
    paired_[static_cast<std::size_t>(version - versions_.begin())] = true;
  }

  std::vector<FoundVersion> result() {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < versions_.size(); ++i) {
      if (paired_[i]) {
        versions_[kept++] = versions_[i];
      } else {
        (void)directory_.remove(blobmount::side_file(versions_[i].name));
      }
    }
    versions_.resize(kept);
    std::ranges::sort(versions_, {}, &FoundVersion::modified);
    return std::move(versions_);
  }

 private:
  void keep_the_latest() {
    const auto first_old = versions_.begin() + static_cast<std::ptrdiff_t>(most_);
    std::ranges::nth_element(versions_, first_old, std::ranges::greater{}, &FoundVersion::modified);
    for (auto old = first_old; old != versions_.end(); ++old) (void)DiskFile::remove(directory_, old->name);
    versions_.erase(first_old, versions_.end());
  }

  CacheDirectory& directory_;
  const std::size_t most_;
  std::vector<FoundVersion> versions_{};
  std::vector<bool> paired_{};  ///< of each version: its data file was seen too
};

}  // namespace

Result<std::vector<FoundVersion>> scan(CacheDirectory& directory, std::size_t most) {
  Scan scan(directory, most);
  BM_TRY(directory.list(side_suffix, [&scan](const FoundFile& file) { scan.side_file(file); }));
  scan.end_of_side_files();
  BM_TRY(directory.list(data_suffix, [&scan](const FoundFile& file) { scan.data_file(file); }));
  return scan.result();
}

Result<Survey> survey(CacheDirectory& directory) {
  Survey seen;
  const auto count = [&seen](const FoundFile& file) {
    const auto parsed = parse_file_name(file.name);
    if (!parsed) return;
    seen.bytes += file.allocated;
    if (parsed->kind == DiskFileKind::side) ++seen.versions;
  };
  for (const auto suffix : {side_suffix, data_suffix}) BM_TRY(directory.list(suffix, count));
  return seen;
}

}  // namespace blobmount
