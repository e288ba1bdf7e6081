#pragma once

/// The entries of one page of a listing, packed: some 80 bytes for each, and its name.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "blobmount/blob_store.hpp"

#include "tree/known_entry.hpp"

namespace blobmount {

/// What a listing calls an entry: a name, or a prefix, which ends with '/'. In that order it lists them.
struct ListedName {
  std::string_view name{};  ///< without the '/'
  bool is_prefix = false;
};

/// Bytewise, as the service compares names.
int compare(ListedName one, ListedName other);

/// A value, but for its size.
class EntryPage {
 public:
  explicit EntryPage(std::size_t entries) { rows_.reserve(entries); }

  /// `name` is a file name.
  void add_prefix(std::string_view name);
  void add_blob(std::string_view name, const BlobProperties& properties);
  void add_container(const ContainerProperties& container);
  /// No more comes.
  void close();

  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  [[nodiscard]] ListedName listed_name(std::size_t index) const;
  [[nodiscard]] FileKind kind(std::size_t index) const;
  [[nodiscard]] KnownEntry entry(std::size_t index) const;
  [[nodiscard]] std::string_view etag(std::size_t index) const;
  [[nodiscard]] BlobDetails details(std::size_t index) const;
  /// The first that is not before `name`.
  [[nodiscard]] std::size_t lower_bound(ListedName name) const;

  /// Another entry stands for its name.
  void hide(std::size_t index) { rows_[index].hidden = true; }
  [[nodiscard]] bool hidden(std::size_t index) const { return rows_[index].hidden; }
  void set_modified(std::size_t index, WallTime modified);

  /// What it takes of the memory, in bytes.
  [[nodiscard]] std::uint64_t footprint() const;

 private:
  struct Row {
    std::uint64_t size = 0;
    WallTime modified{};
    std::uint32_t text = 0;  ///< where its texts begin: name, ETag, MD5
    std::uint16_t common = 0;
    std::uint8_t name_length = 0, etag_length = 0, md5_length = 0;
    bool directory : 1 = false;
    bool prefix : 1 = false;
    bool has_time : 1 = false;
    bool hidden : 1 = false;
    bool rare : 1 = false;
  };
  /// What few blobs have.
  struct Rare {
    std::string etag{}, content_md5{};  ///< too long for a row
    BlobDetails details{};
  };

  Row& add_row(std::string_view name);
  std::uint16_t common_index(const BlobDetails& details);
  [[nodiscard]] std::string_view text(std::size_t offset, std::size_t length) const;

  std::vector<Row> rows_;
  std::string texts_;
  /// Types, tiers and content types: a directory has few different ones.
  std::vector<BlobDetails> commons_;
  std::unordered_map<std::size_t, Rare> rare_;
};

}  // namespace blobmount
