#pragma once

/// The entries of a directory as one listing showed them: what cannot be a file name is left out, a directory
/// wins over a blob of the same name, marker blobs are directories wherever their page fell. A value; no I/O.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blobmount/blob_store.hpp"
#include "blobmount/file_system.hpp"

namespace blobmount {

/// What is known of one name. `etag` is empty for a directory.
struct KnownEntry {
  std::string name{};
  FileKind kind = FileKind::file;
  std::uint64_t size = 0;
  std::optional<WallTime> modified{};  ///< a prefix has no time of its own
  std::string etag{};

  bool operator==(const KnownEntry&) const = default;
};

KnownEntry directory_entry(std::string_view name, std::optional<WallTime> modified = {});
/// A marker blob becomes a directory.
KnownEntry entry_of(std::string_view name, const BlobProperties& properties);

/// Immutable once built, so safe to use from any thread.
class DirectorySnapshot {
 public:
  /// When the first page was asked for: what happened later may be missing.
  [[nodiscard]] SteadyTime asked() const { return asked_; }
  /// When the last page came.
  [[nodiscard]] SteadyTime told() const { return told_; }
  [[nodiscard]] const std::vector<KnownEntry>& entries() const { return entries_; }
  [[nodiscard]] const KnownEntry* find(std::string_view name) const;
  /// How many blobs and prefixes have names that no path can have, and one of them.
  [[nodiscard]] std::size_t left_out() const { return left_out_; }
  [[nodiscard]] const std::string& left_out_example() const { return left_out_example_; }
  /// What it takes of the memory, in bytes, roughly.
  [[nodiscard]] std::uint64_t footprint() const;

 private:
  friend class SnapshotBuilder;
  SteadyTime asked_{}, told_{};
  std::vector<KnownEntry> entries_;  ///< by name, bytewise
  std::size_t left_out_ = 0;
  std::string left_out_example_;
};

using SharedSnapshot = std::shared_ptr<const DirectorySnapshot>;

/// Takes the pages of one listing, in any order.
class SnapshotBuilder {
 public:
  /// `prefix`: what the listing asked for; each name begins with it.
  explicit SnapshotBuilder(std::string prefix) : prefix_(std::move(prefix)) {}

  void add(const BlobPage& page);
  void add(const ContainerPage& page);
  DirectorySnapshot finish(SteadyTime asked, SteadyTime told) &&;

 private:
  /// The part of `name` below the prefix; nothing where it cannot be shown.
  std::optional<std::string_view> shown(std::string_view name);

  const std::string prefix_;
  DirectorySnapshot snapshot_;
};

}  // namespace blobmount
