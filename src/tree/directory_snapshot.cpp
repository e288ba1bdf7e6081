#include "tree/directory_snapshot.hpp"

#include <algorithm>
#include <tuple>

#include "tree/names.hpp"

namespace blobmount {

KnownEntry directory_entry(std::string_view name, std::optional<WallTime> modified) {
  return {.name = std::string(name), .kind = FileKind::directory, .modified = modified};
}

KnownEntry entry_of(std::string_view name, const BlobProperties& properties) {
  if (properties.is_directory_marker) return directory_entry(name, properties.last_modified);
  return {.name = std::string(name),
          .kind = FileKind::file,
          .size = properties.size,
          .modified = properties.last_modified,
          .etag = properties.etag};
}

const KnownEntry* DirectorySnapshot::find(std::string_view name) const {
  const auto found =
      std::lower_bound(entries_.begin(), entries_.end(), name,
                       [](const KnownEntry& entry, std::string_view wanted) { return entry.name < wanted; });
  return found != entries_.end() && found->name == name ? &*found : nullptr;
}

std::optional<std::string_view> SnapshotBuilder::shown(std::string_view name) {
  auto component = name.substr(std::min(prefix_.size(), name.size()));
  if (component.ends_with('/')) component.remove_suffix(1);
  if (is_file_name(component)) return component;
  if (snapshot_.left_out_++ == 0) snapshot_.left_out_example_ = name;
  return std::nullopt;
}

void SnapshotBuilder::add(const BlobPage& page) {
  auto& entries = snapshot_.entries_;
  entries.reserve(entries.size() + page.blobs.size() + page.prefixes.size());
  for (const auto& prefix : page.prefixes) {
    if (const auto name = shown(prefix)) entries.push_back(directory_entry(*name));
  }
  for (const auto& blob : page.blobs) {
    // "a/" found while listing "a/" is the marker of the directory itself
    if (blob.name == prefix_) continue;
    if (const auto name = shown(blob.name)) entries.push_back(entry_of(*name, blob.properties));
  }
}

void SnapshotBuilder::add(const ContainerPage& page) {
  for (const auto& container : page.containers) {
    if (const auto name = shown(container.name))
      snapshot_.entries_.push_back(directory_entry(*name, container.last_modified));
  }
}

std::uint64_t DirectorySnapshot::footprint() const {
  // short texts stand in the string itself; the heap adds some 16 bytes to each that does not
  const auto outside = [](const std::string& text) {
    return text.capacity() > std::string().capacity() ? text.capacity() + 16 : 0;
  };
  std::uint64_t bytes = sizeof *this + entries_.capacity() * sizeof(KnownEntry);
  for (const auto& entry : entries_) bytes += outside(entry.name) + outside(entry.etag);
  return bytes;
}

DirectorySnapshot SnapshotBuilder::finish(SteadyTime asked, SteadyTime told) && {
  snapshot_.asked_ = asked;
  snapshot_.told_ = told;
  auto& entries = snapshot_.entries_;
  // of several entries with one name the first stays: a directory, if one has a time then that one
  std::sort(entries.begin(), entries.end(), [](const KnownEntry& a, const KnownEntry& b) {
    return std::make_tuple(std::string_view(a.name), a.kind, !a.modified.has_value()) <
           std::make_tuple(std::string_view(b.name), b.kind, !b.modified.has_value());
  });
  const auto same_name = [](const KnownEntry& a, const KnownEntry& b) { return a.name == b.name; };
  entries.erase(std::unique(entries.begin(), entries.end(), same_name), entries.end());
  entries.shrink_to_fit();
  return std::move(snapshot_);
}

}  // namespace blobmount
