#include "cache/disk_scan.hpp"

#include <algorithm>
#include <map>

namespace blobmount {
namespace {

struct Pair {
  const FoundFile* data = nullptr;
  const FoundFile* side = nullptr;
};

bool used_before(const Pair& one, const Pair& other) { return one.side->modified < other.side->modified; }

DiskScan::Version version_of(const Pair& pair) {
  return {.name = parse_file_name(pair.side->name)->name,
          .bytes = pair.data->allocated + pair.side->allocated};
}

}  // namespace

DiskScan scan_of(const std::vector<FoundFile>& files) {
  std::map<DiskName, Pair> by_name;
  for (const auto& file : files) {
    const auto parsed = parse_file_name(file.name);
    if (!parsed) continue;
    auto& pair = by_name[parsed->name];
    (parsed->kind == DiskFileKind::data ? pair.data : pair.side) = &file;
  }

  DiskScan scan;
  std::vector<Pair> pairs;
  for (const auto& [name, pair] : by_name) {
    if (pair.data != nullptr && pair.side != nullptr) {
      pairs.push_back(pair);
    } else {
      scan.orphans.push_back((pair.data != nullptr ? pair.data : pair.side)->name);
    }
  }
  std::ranges::stable_sort(pairs, used_before);
  std::ranges::transform(pairs, std::back_inserter(scan.versions), version_of);
  return scan;
}

}  // namespace blobmount
