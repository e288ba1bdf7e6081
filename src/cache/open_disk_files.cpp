#include "cache/open_disk_files.hpp"

#include <algorithm>
#include <utility>

#include "base/descriptor_limit.hpp"

namespace blobmount {
namespace {

constexpr std::size_t descriptors_of_one = 2;

}  // namespace

std::size_t OpenDiskFiles::most_within(std::uint64_t memory) {
  const auto by_descriptors = descriptor_limit() / 2 / descriptors_of_one;
  return std::max<std::size_t>(1, std::min<std::size_t>(by_descriptors, memory / 64 / footprint_of_one));
}

std::shared_ptr<DiskFile> OpenDiskFiles::find(DiskName name) {
  const auto place = places_.find(name);
  if (place == places_.end()) return nullptr;
  order_.splice(order_.end(), order_, place->second);
  return place->second->file;
}

std::shared_ptr<DiskFile> OpenDiskFiles::insert(DiskName name, std::shared_ptr<DiskFile> file) {
  places_.emplace(name, order_.insert(order_.end(), {name, std::move(file)}));
  return order_.size() > most_ ? erase(order_.front().name) : nullptr;
}

std::shared_ptr<DiskFile> OpenDiskFiles::erase(DiskName name) {
  const auto place = places_.find(name);
  if (place == places_.end()) return nullptr;
  auto file = std::move(place->second->file);
  order_.erase(place->second);
  places_.erase(place);
  return file;
}

std::vector<std::shared_ptr<DiskFile>> OpenDiskFiles::all() const {
  std::vector<std::shared_ptr<DiskFile>> files;
  for (const auto& open : order_) files.push_back(open.file);
  return files;
}

}  // namespace blobmount
