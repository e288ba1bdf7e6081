#include "tree/entry_page.hpp"

#include <algorithm>
#include <limits>

namespace blobmount {
namespace {

constexpr std::size_t longest_in_row = std::numeric_limits<std::uint8_t>::max();
constexpr std::size_t most_commons = 256;

bool same_common(const BlobDetails& one, const BlobDetails& other) {
  return one.type == other.type && one.access_tier == other.access_tier &&
         one.content_type == other.content_type;
}

}  // namespace

int compare(ListedName one, ListedName other) {
  const auto common = std::min(one.name.size(), other.name.size());
  if (const int order = one.name.compare(0, common, other.name, 0, common); order != 0) return order;
  // what stands behind the common part: nothing, the '/' of a prefix, or the rest of the name
  const auto behind = [common](const ListedName& listed) {
    if (listed.name.size() > common) return static_cast<int>(static_cast<unsigned char>(listed.name[common]));
    return listed.is_prefix ? static_cast<int>('/') : -1;
  };
  return behind(one) - behind(other);
}

EntryPage::Row& EntryPage::add_row(std::string_view name) {
  auto& row = rows_.emplace_back();
  row.text = static_cast<std::uint32_t>(texts_.size());
  row.name_length = static_cast<std::uint8_t>(name.size());
  texts_ += name;
  return row;
}

void EntryPage::add_prefix(std::string_view name) {
  auto& row = add_row(name);
  row.directory = row.prefix = true;
}

void EntryPage::add_container(const ContainerProperties& container) {
  auto& row = add_row(container.name);
  row.directory = row.has_time = true;
  row.modified = container.last_modified;
}

void EntryPage::add_blob(std::string_view name, const BlobProperties& properties) {
  auto& row = add_row(name);
  row.has_time = true;
  row.modified = properties.last_modified;
  row.directory = properties.is_directory_marker;
  if (row.directory) return;

  const auto& details = properties.details;
  row.size = properties.size;
  row.common = common_index(details);
  Rare rare;
  if (properties.etag.size() <= longest_in_row) {
    row.etag_length = static_cast<std::uint8_t>(properties.etag.size());
    texts_ += properties.etag;
  } else {
    rare.etag = properties.etag;
  }
  if (details.content_md5.size() <= longest_in_row) {
    row.md5_length = static_cast<std::uint8_t>(details.content_md5.size());
    texts_ += details.content_md5;
  } else {
    rare.content_md5 = details.content_md5;
  }
  const bool commons_full = !same_common(commons_[row.common], details);
  row.rare = commons_full || !rare.etag.empty() || !rare.content_md5.empty() || !details.version_id.empty() ||
             !details.metadata.empty();
  if (!row.rare) return;
  rare.details = details;
  rare_.emplace(rows_.size() - 1, std::move(rare));
}

std::uint16_t EntryPage::common_index(const BlobDetails& details) {
  // most often that of the one before
  const auto same = [&details](const BlobDetails& known) { return same_common(known, details); };
  const auto found = std::find_if(commons_.rbegin(), commons_.rend(), same);
  if (found != commons_.rend()) return static_cast<std::uint16_t>(commons_.rend() - found - 1);
  if (commons_.size() >= most_commons) return 0;
  commons_.push_back(
      {.type = details.type, .access_tier = details.access_tier, .content_type = details.content_type});
  return static_cast<std::uint16_t>(commons_.size() - 1);
}

void EntryPage::close() {
  rows_.shrink_to_fit();
  texts_.shrink_to_fit();
}

std::string_view EntryPage::text(std::size_t offset, std::size_t length) const {
  return std::string_view(texts_).substr(offset, length);
}

ListedName EntryPage::listed_name(std::size_t index) const {
  const auto& row = rows_[index];
  return {text(row.text, row.name_length), row.prefix};
}

FileKind EntryPage::kind(std::size_t index) const {
  return rows_[index].directory ? FileKind::directory : FileKind::file;
}

KnownEntry EntryPage::entry(std::size_t index) const {
  const auto& row = rows_[index];
  KnownEntry entry;
  entry.name = text(row.text, row.name_length);
  entry.kind = kind(index);
  if (row.has_time) entry.modified = row.modified;
  if (row.directory) return entry;
  entry.size = row.size;
  entry.etag = etag(index);
  entry.archived = (row.rare ? rare_.at(index).details : commons_[row.common]).archived();
  return entry;
}

std::string_view EntryPage::etag(std::size_t index) const {
  const auto& row = rows_[index];
  if (row.rare && row.etag_length == 0) return rare_.at(index).etag;
  return text(row.text + row.name_length, row.etag_length);
}

BlobDetails EntryPage::details(std::size_t index) const {
  const auto& row = rows_[index];
  if (row.directory) return {};
  if (row.rare) return rare_.at(index).details;
  auto details = commons_[row.common];
  details.content_md5 = text(row.text + row.name_length + row.etag_length, row.md5_length);
  return details;
}

std::size_t EntryPage::lower_bound(ListedName name) const {
  std::size_t low = 0, high = rows_.size();
  while (low < high) {
    const auto middle = low + (high - low) / 2;
    if (compare(listed_name(middle), name) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

void EntryPage::set_modified(std::size_t index, WallTime modified) {
  rows_[index].modified = modified;
  rows_[index].has_time = true;
}

std::uint64_t EntryPage::footprint() const {
  std::uint64_t bytes = sizeof *this + rows_.capacity() * sizeof(Row) + texts_.capacity();
  for (const auto& [index, rare] : rare_) {
    bytes += sizeof(Rare) + 64;
    for (const auto& [name, value] : rare.details.metadata)
      bytes += 2 * sizeof(std::string) + name.size() + value.size();
  }
  return bytes + commons_.capacity() * sizeof(BlobDetails);
}

}  // namespace blobmount
