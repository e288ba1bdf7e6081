#include "file/busiest_files.hpp"

#include <algorithm>
#include <cmath>

namespace blobmount {
namespace {

/// Below that, a file is none that anybody would call busy.
constexpr double least_bytes = 1024;

}  // namespace

void BusiestFiles::add(const std::string& name, std::uint64_t bytes, SteadyTime now) {
  const auto more = static_cast<double>(bytes);
  const MutexLock lock(mutex_);
  fade(now);
  const auto known = std::ranges::find(entries_, name, &Entry::name);
  if (known != entries_.end()) {
    known->bytes += more;
  } else if (entries_.size() < most_names) {
    entries_.push_back({name, more});
  } else {
    // it inherits what the least one had: it may have been forgotten as often itself
    auto& least = *std::ranges::min_element(entries_, {}, &Entry::bytes);
    least = {name, least.bytes + more};
  }
}

std::vector<BusiestFiles::File> BusiestFiles::top(std::size_t most, SteadyTime now) {
  std::vector<File> files;
  const MutexLock lock(mutex_);
  fade(now);
  std::ranges::sort(entries_, std::ranges::greater{}, &Entry::bytes);
  constexpr auto seconds = static_cast<double>(memory.count());
  for (std::size_t i = 0; i < std::min(most, entries_.size()); ++i)
    files.push_back({entries_[i].name, entries_[i].bytes / seconds});
  return files;
}

void BusiestFiles::fade(SteadyTime now) {
  const auto passed = std::chrono::duration<double>(now - faded_).count();
  faded_ = now;
  const auto rest = std::exp(-passed / static_cast<double>(memory.count()));
  for (auto& entry : entries_) entry.bytes *= rest;
  std::erase_if(entries_, [](const Entry& entry) { return entry.bytes < least_bytes; });
}

}  // namespace blobmount
