#pragma once

/// The versions on disk, by name and in the order of their use, in as little memory as can be: a cache of
/// 10 GiB may hold a million of small ones. A hash table whose chains, and a list whose links, are numbers of
/// records.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "cache/disk_format.hpp"
#include "cache/disk_page_set.hpp"

namespace blobmount {

/// What is remembered of a version.
struct DiskRecord {
  enum class State : std::uint8_t {
    unread,   ///< only its side file can tell what it holds
    useless,  ///< its files are nobody's, and take space
    known
  };

  DiskName name = 0;
  PageSet pages{};
  std::uint64_t bytes = 0;       ///< what the files take on the disk
  std::uint32_t check : 30 = 0;  ///< the identity's, once that is known
  State state : 2 = State::unread;

 private:
  friend class DiskTable;
  using Number = std::uint32_t;
  static constexpr Number none = UINT32_MAX;

  Number older = none, newer = none;  ///< in the order of use
  Number next = none;                 ///< in its chain, or of those that are free
};

/// For one thread at a time. A reference to a record holds until that is erased.
class DiskTable {
 public:
  /// Null: none.
  DiskRecord* find(DiskName name);
  /// There is none of that name. It counts as used last.
  DiskRecord& add(DiskName name);
  void erase(DiskRecord& record);
  void used(DiskRecord& record);

  /// In the order of use; null at the end.
  DiskRecord* oldest() { return at(oldest_); }
  DiskRecord* newer(const DiskRecord& record) { return at(record.newer); }

  [[nodiscard]] std::size_t size() const { return size_; }
  /// Bytes of memory that it has taken, without what page sets take beside themselves. It gives none back,
  /// and uses again what was erased.
  [[nodiscard]] std::size_t footprint() const;
  /// The same for each record, at most.
  static constexpr std::size_t footprint_of_one = sizeof(DiskRecord) + 2 + 2 * sizeof(std::uint32_t);

 private:
  using Number = DiskRecord::Number;
  static constexpr Number none = DiskRecord::none;

  DiskRecord* at(Number number) { return number == none ? nullptr : &records_[number]; }
  /// Where the number of the first one in the chain of that name stands.
  Number& chain(DiskName name) { return chains_[name & (chains_.size() - 1)]; }
  Number& link_to(const DiskRecord& record);
  Number take_number();
  void append(Number number);
  void unlink(const DiskRecord& record);
  void double_chains();

  std::deque<DiskRecord> records_{};
  std::vector<Number> chains_ = std::vector<Number>(64, none);  ///< a power of two
  std::size_t size_ = 0;
  Number free_ = none;
  Number oldest_ = none, newest_ = none;
};

}  // namespace blobmount
