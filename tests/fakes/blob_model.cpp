#include "fakes/blob_model.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <utility>

#include "blob/blob_headers.hpp"

namespace blobmount::tests {
namespace {

std::string etag_of(std::uint64_t number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "\"0x8DD%012llX\"", static_cast<unsigned long long>(number));
  return text.data();
}

BlobDetails details_of(const BlobTraits& traits) {
  auto metadata = traits.metadata;
  if (traits.is_directory_marker) metadata["hdi_isfolder"] = "true";
  return {.type = traits.type,
          .access_tier = traits.access_tier,
          .content_type = traits.content_type,
          .content_md5 = traits.content_md5,
          .version_id = traits.version_id,
          .metadata = {metadata.begin(), metadata.end()}};
}

}  // namespace

Content content_of(std::string text) {
  return [text = std::move(text)](std::uint64_t offset, std::span<std::byte> into) {
    std::memcpy(into.data(), text.data() + offset, into.size());
  };
}

void BlobModel::put_container(const std::string& name) {
  containers_.try_emplace(name, Container{.last_modified = next_second(), .blobs = {}});
}

void BlobModel::delete_container(const std::string& name) { containers_.erase(name); }

BlobProperties BlobModel::put(const std::string& container, const std::string& blob, std::uint64_t size,
                              Content content, const BlobTraits& traits) {
  put_container(container);
  auto details = details_of(traits);
  const BlobProperties properties{.etag = etag_of(++puts_),
                                  .size = size,
                                  .last_modified = traits.last_modified.value_or(next_second()),
                                  .is_directory_marker = marks_directory(details.metadata),
                                  .details = std::move(details)};
  containers_[container].blobs.insert_or_assign(blob, Blob{properties, std::move(content)});
  return properties;
}

void BlobModel::remove(const std::string& container, const std::string& blob) {
  containers_[container].blobs.erase(blob);
}

Result<ContainerPage> BlobModel::list_containers(const ListContainersQuery& query) const {
  BM_ASSIGN(position, position_of(query.marker));
  if (position.empty_pages > 0) {
    return ContainerPage{.containers = {},
                         .next_marker = marker_of({position.empty_pages - 1, position.name})};
  }

  ContainerPage page;
  int room = std::min(query.max_results, page_limit_);
  for (auto entry = containers_.lower_bound(position.name); entry != containers_.end(); ++entry) {
    if (room-- == 0) {
      page.next_marker = marker_of({empty_pages_, entry->first});
      break;
    }
    page.containers.push_back({entry->first, entry->second.last_modified});
  }
  return page;
}

Result<ContainerProperties> BlobModel::get_container(const std::string& name) const {
  BM_ASSIGN(container, find(name));
  return ContainerProperties{name, container->last_modified};
}

Result<BlobPage> BlobModel::list_blobs(const ListBlobsQuery& query) const {
  BM_ASSIGN(container, find(query.container));
  BM_ASSIGN(position, position_of(query.marker));
  if (position.empty_pages > 0) {
    return BlobPage{
        .blobs = {}, .prefixes = {}, .next_marker = marker_of({position.empty_pages - 1, position.name})};
  }

  BlobPage page;
  int room = std::min(query.max_results, page_limit_);
  const auto& blobs = container->blobs;
  auto blob = blobs.lower_bound(std::max(query.prefix, position.name));
  while (blob != blobs.end() && blob->first.starts_with(query.prefix)) {
    const auto& name = blob->first;
    if (room-- == 0) {
      page.next_marker = marker_of({empty_pages_, name});
      break;
    }
    const auto cut = query.delimiter.empty() ? name.npos : name.find(query.delimiter, query.prefix.size());
    if (cut == name.npos) {
      page.blobs.push_back({name, blob->second.properties});
      page.blobs.back().properties.details.version_id.clear();  // as the service, unless versions are listed
      ++blob;
      continue;
    }
    const auto common = name.substr(0, cut + query.delimiter.size());
    while (blob != blobs.end() && blob->first.starts_with(common)) ++blob;
    page.prefixes.push_back(common);
  }
  return page;
}

Result<BlobProperties> BlobModel::get_properties(const std::string& container,
                                                 const std::string& blob) const {
  BM_ASSIGN(found, find(container, blob));
  return found->properties;
}

Result<Content> BlobModel::read(const BlobVersion& version, ByteRange range) const {
  BM_ASSIGN(found, find(version.container, version.blob));
  const auto& properties = found->properties;
  if (range.length == 0 || range.offset > version.size || range.length > version.size - range.offset) {
    return Error{ErrorCode::invalid_argument, "the range is not within the blob"};
  }
  if (properties.etag != version.etag) return Error{ErrorCode::changed, "ConditionNotMet"};
  if (properties.details.archived()) return Error{ErrorCode::not_permitted, "BlobArchived"};
  return found->content;
}

/// Opaque to whom it is given: the name in hexadecimal, after the number of empty pages.
std::string BlobModel::marker_of(const Position& position) {
  static constexpr std::string_view digits = "0123456789abcdef";
  auto marker = std::to_string(position.empty_pages) + "!";
  for (const char c : position.name) {
    const auto byte = static_cast<unsigned char>(c);
    marker.append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
  }
  return marker;
}

Result<BlobModel::Position> BlobModel::position_of(const std::string& marker) const {
  if (marker.empty()) return Position{empty_pages_, ""};
  const Error unknown{ErrorCode::invalid_argument, "the marker is none of ours"};
  const auto end = marker.data() + marker.size();

  Position position;
  auto [next, error] = std::from_chars(marker.data(), end, position.empty_pages);
  if (error != std::errc{} || next == end || *next != '!') return unknown;
  for (++next; next < end; next += 2) {
    unsigned byte = 0;
    const auto stop = std::min(next + 2, end);
    if (std::from_chars(next, stop, byte, 16).ptr != next + 2) return unknown;
    position.name += static_cast<char>(byte);
  }
  return position;
}

Result<const BlobModel::Container*> BlobModel::find(const std::string& container) const {
  const auto found = containers_.find(container);
  if (found == containers_.end()) return Error{ErrorCode::not_found, "ContainerNotFound: " + container};
  return &found->second;
}

Result<const BlobModel::Blob*> BlobModel::find(const std::string& container, const std::string& blob) const {
  BM_ASSIGN(holder, find(container));
  const auto found = holder->blobs.find(blob);
  if (found == holder->blobs.end())
    return Error{ErrorCode::not_found, "BlobNotFound: " + container + "/" + blob};
  return &found->second;
}

WallTime BlobModel::next_second() { return last_change_ += std::chrono::seconds{1}; }

}  // namespace blobmount::tests
