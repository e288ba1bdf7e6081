#pragma once

/// The mounted view in the terms of the kernel, without its types: inodes, names, attributes, open files.
/// src/fuse translates to and from it; src/tree implements it.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blobmount/blob_store.hpp"
#include "blobmount/clock.hpp"
#include "blobmount/local_files.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

/// A file's inode stands for one version of a blob: its attributes and bytes never change. A blob that was
/// overwritten is another inode under the same name, as a file replaced by rename(2) is. (docs/adr/0002)
using InodeId = std::uint64_t;
inline constexpr InodeId root_inode = 1;

enum class FileKind : std::uint8_t { directory, file };

struct Attributes {
  InodeId inode = 0;
  /// For st_ino: stands for the place, so it outlives versions and mounts.
  std::uint64_t number = 0;
  FileKind kind = FileKind::file;
  std::uint64_t size = 0;  ///< bytes; 0 for a directory
  WallTime modified{};
};

/// What a lookup found, and for how long the kernel may keep believing that the name leads there.
struct Entry {
  Attributes attributes{};
  Duration valid_for{0};
};

/// A name is absent; the kernel may believe so for `valid_for`. In the lookup's Result this is success:
/// an Error would be forgotten at once.
struct Lookup {
  std::optional<Entry> entry{};
  Duration absent_for{0};
};

/// Bytes in pieces, each kept alive by its pointer.
struct Bytes {
  struct Piece {
    std::shared_ptr<const std::byte> data{};
    std::size_t size = 0;
  };
  std::vector<Piece> pieces{};

  [[nodiscard]] std::size_t size() const {
    std::size_t sum = 0;
    for (const auto& piece : pieces) sum += piece.size;
    return sum;
  }
};

/// What whoever reads calls a read, to be able to give it up; 0: nobody will.
using ReadId = std::uint64_t;

/// A file opened for reading: one version of a blob. Safe to use from any thread.
class OpenFile {
 public:
  virtual ~OpenFile() = default;
  /// Up to `size` bytes from `offset`, fewer only at the end of the file. Reports once, maybe before
  /// returning. `changed` if the blob is another version by now, `not_found` if it was deleted.
  virtual void read(std::uint64_t offset, std::size_t size, Completion<Bytes> done, ReadId id = 0) = 0;
  /// Nobody waits any more for the read of just that which was called `id`: it ends with `cancelled`, before
  /// this returns, and with it what was asked of the service for it alone. No effect where it has ended, or
  /// not begun.
  virtual void give_up(std::uint64_t offset, std::size_t size, ReadId id) = 0;
  /// The same bytes in a file of this machine, if there is one by now.
  virtual std::optional<LocalFile> local_file() = 0;
};

/// Two that are the same number show the same items, in the same places. Never 0.
using ListingId = std::uint64_t;

/// A directory opened for reading: its items stay what they were when it was opened. The first can be read
/// while the rest is still on its way. Safe to use from any thread.
class OpenDirectory {
 public:
  virtual ~OpenDirectory() = default;
  struct Item {
    std::string_view name{};  ///< lives as long as the OpenDirectory; empty: nothing is at this index
    FileKind kind = FileKind::file;
    std::uint64_t number = 0;  ///< as Attributes::number
  };
  [[nodiscard]] virtual ListingId listing() const = 0;
  /// How many items can be read, once that is more than `index`, or the directory ends before it. Reports
  /// once, maybe before returning.
  virtual void wait_for(std::size_t index, Completion<std::size_t> done) = 0;
  /// `index` is below what wait_for() told.
  [[nodiscard]] virtual Item item(std::size_t index) const = 0;
  /// What a lookup of item `index` answers; counts as one lookup, to be paid back with forget().
  virtual Entry look_up(std::size_t index) = 0;
};

struct ExtendedAttribute {
  std::string name{};  ///< "user.blob.etag", ...
  std::string value{};
};

/// What the kernel keeps, to be told what is no longer so. Safe to use from any thread; never blocks: the
/// kernel gets it a little later.
class KernelCache {
 public:
  virtual ~KernelCache() = default;
  /// `name` in the directory `parent` leads elsewhere now, or nowhere.
  virtual void drop_name(InodeId parent, std::string name) = 0;
  /// Nobody need know of `inode` any more, which `name` in `parent` leads to. A process that uses it may go
  /// on doing so, be it that its working directory is there.
  virtual void let_go(InodeId inode, InodeId parent, std::string name) = 0;
  /// Pages and attributes of `inode`.
  virtual void drop_pages(InodeId inode) = 0;
  /// Run `then`, on any thread, when all that was said so far has been told to the kernel; or when it never
  /// will be, because the mount ends.
  virtual void when_told(std::function<void()> then) = 0;
};

/// Safe to use from any thread. Each call that takes a completion reports to it exactly once, on any thread,
/// maybe before returning; none blocks.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  /// Find `name` in `parent`; each success with an entry counts as one lookup of its inode.
  virtual void look_up(InodeId parent, const std::string& name, Completion<Lookup> done) = 0;
  /// The kernel gives `count` lookups of `inode` back.
  virtual void forget(InodeId inode, std::uint64_t count) = 0;
  virtual Result<Attributes> attributes(InodeId inode) = 0;
  /// For people: where it is, relative to the mount point; empty: the root, or not known.
  [[nodiscard]] virtual std::string path_of(InodeId inode) const = 0;

  /// `changed` if the blob is another version by now: look the name up again.
  virtual void open(InodeId inode, Completion<std::shared_ptr<OpenFile>> done) = 0;
  virtual void open_directory(InodeId inode, Completion<std::shared_ptr<OpenDirectory>> done) = 0;
  /// Those that a file has, as far as they are known, in a fixed order; none for a directory. `wanted`: the
  /// name of the one that is read, which is asked for where it is not known; or empty.
  virtual void extended_attributes(InodeId inode, const std::string& wanted,
                                   Completion<std::vector<ExtendedAttribute>> done) = 0;

  /// `kernel` is told from now on what it should drop; null: nobody is, and what was being told has ended. It
  /// outlives the calls of refresh() that began before.
  virtual void serve(KernelCache* kernel) = 0;
  /// Forget what is known of `path` and all below it, here and in the kernel. `path` is relative to the mount
  /// point; empty: everything. `done` runs on any thread, maybe before this returns.
  virtual void refresh(const std::string& path, std::function<void()> done) = 0;
};

}  // namespace blobmount
