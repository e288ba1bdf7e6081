#pragma once

/// Files of versions that are kept open: to open them takes longer than to read a small one.

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "cache/disk_file.hpp"
#include "cache/disk_format.hpp"

namespace blobmount {

/// For one thread at a time. Closes nothing while it is called: that may take the disk's time, so who calls
/// gets what is to be closed.
class OpenDiskFiles {
 public:
  /// How many this process may keep open: half of the descriptors that it may have, two for each, and a
  /// 64th of `memory`, in bytes.
  static std::size_t most_within(std::uint64_t memory);
  /// About what each takes in memory, here and in the kernel; bytes.
  static constexpr std::size_t footprint_of_one = 1024;

  explicit OpenDiskFiles(std::size_t most) : most_(most) {}

  /// Counts as a use; null: they are not open.
  std::shared_ptr<DiskFile> find(DiskName name);
  /// None are open under that name. Returns those that were used longest ago, if they are one too many.
  std::shared_ptr<DiskFile> insert(DiskName name, std::shared_ptr<DiskFile> file);
  /// Returns them, if they were open.
  std::shared_ptr<DiskFile> erase(DiskName name);

  [[nodiscard]] std::size_t size() const { return places_.size(); }
  /// The least recently used first.
  [[nodiscard]] std::vector<std::shared_ptr<DiskFile>> all() const;

 private:
  struct OpenFile {
    DiskName name = 0;
    std::shared_ptr<DiskFile> file{};
  };
  using Order = std::list<OpenFile>;

  const std::size_t most_;
  Order order_;  ///< of their use
  std::unordered_map<DiskName, Order::iterator> places_;
};

}  // namespace blobmount
