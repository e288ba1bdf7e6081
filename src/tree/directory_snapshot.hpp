#pragma once

/// The entries of a directory as one listing shows them, page by page while it is under way: what cannot be a
/// file name is left out, a directory wins over a blob of the same name, marker blobs are directories
/// wherever their page fell.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blobmount/blob_store.hpp"
#include "blobmount/clock.hpp"

#include "base/annotated_mutex.hpp"
#include "base/memory_budget.hpp"
#include "tree/entry_page.hpp"
#include "tree/known_entry.hpp"

namespace blobmount {

/// What a listing takes of the memory beside the entries that have come, charged while more are on their way:
/// the body of the next page as it grows, and a page that is being parsed. As measured, for 5,000 names. Many
/// listings have one page only, which may be small: that is not charged.
inline constexpr std::uint64_t next_page_footprint = 8ULL << 20U;

/// Who reads may do so from any thread, while who lists adds to it from one thread at a time. Nothing that
/// was shown changes. Completions run with no lock held.
class DirectorySnapshot {
 public:
  /// For whom the service was asked.
  enum class Cause : std::uint8_t { opened, walked };

  /// `prefix`: what the listing asks for; each name begins with it. `asked`: when the first page was asked
  /// for. `budget` outlives it.
  DirectorySnapshot(MemoryBudget& budget, std::string prefix, SteadyTime asked, Cause cause = Cause::opened)
      : charge_(budget, 0, MemoryPurpose::listings),
        prefix_(std::move(prefix)),
        asked_(asked),
        cause_(cause) {}
  DirectorySnapshot(const DirectorySnapshot&) = delete;
  DirectorySnapshot& operator=(const DirectorySnapshot&) = delete;

  /// No other snapshot's, for as long as the process lives.
  [[nodiscard]] std::uint64_t id() const { return id_; }
  /// What happened after that may be missing.
  [[nodiscard]] SteadyTime asked() const { return asked_; }
  [[nodiscard]] Cause cause() const { return cause_; }
  [[nodiscard]] bool complete() const BM_EXCLUDES(mutex_);
  /// It will never be.
  [[nodiscard]] bool failed() const BM_EXCLUDES(mutex_);

  struct Known {
    bool decided = false;  ///< while it is under way, what comes may say more of the name
    std::optional<KnownEntry> entry{};
    SteadyTime asked{};  ///< when it was so, or later; of an entry, when its page was asked for
  };
  [[nodiscard]] Known find(std::string_view name) const BM_EXCLUDES(mutex_);
  /// Nothing: it is no file's name.
  [[nodiscard]] std::optional<BlobDetails> details(std::string_view name) const BM_EXCLUDES(mutex_);

  /// How many entries can be read by index, once that is more than `index`, or there are no more. Reports
  /// once, maybe before returning. Entries keep their index.
  void wait_for(std::size_t index, Completion<std::size_t> done) BM_EXCLUDES(mutex_);
  struct Item {
    std::string_view name{};  ///< lives as long as the snapshot; empty: another entry stands for this one
    FileKind kind = FileKind::file;
  };
  [[nodiscard]] Item item(std::size_t index) const BM_EXCLUDES(mutex_);
  [[nodiscard]] KnownEntry entry(std::size_t index) const BM_EXCLUDES(mutex_);
  /// When the page was asked for that it came with.
  [[nodiscard]] SteadyTime asked(std::size_t index) const BM_EXCLUDES(mutex_);
  /// Empty for a directory.
  [[nodiscard]] std::string_view etag(std::size_t index) const BM_EXCLUDES(mutex_);
  /// The index of a name that is shown.
  [[nodiscard]] std::optional<std::size_t> index_of(std::string_view name) const BM_EXCLUDES(mutex_);
  /// Entries that came so far, those that others stand for included.
  [[nodiscard]] std::size_t size() const BM_EXCLUDES(mutex_);
  /// Those that can be read by index.
  [[nodiscard]] std::size_t shown() const BM_EXCLUDES(mutex_);

  /// How many blobs and prefixes have names that no path can have, and one of them.
  [[nodiscard]] std::pair<std::size_t, std::string> left_out() const BM_EXCLUDES(mutex_);
  /// What it takes of the memory, in bytes, roughly; it is charged to the budget, and next_page_footprint
  /// while more is to come.
  [[nodiscard]] std::uint64_t footprint() const BM_EXCLUDES(mutex_);

  /// The next page, which was asked for at that time.
  void add(const BlobPage& page, SteadyTime asked) BM_EXCLUDES(mutex_);
  void add(const ContainerPage& page, SteadyTime asked) BM_EXCLUDES(mutex_);
  void finish() BM_EXCLUDES(mutex_);
  /// It will never be complete: who waits for more gets `error`.
  void fail(const Error& error) BM_EXCLUDES(mutex_);

 private:
  struct Place {
    std::size_t page = 0, row = 0;
  };
  struct Waiting {
    std::size_t index;
    Completion<std::size_t> done;
  };

  /// The part of `name` below the prefix; nothing where it cannot be shown.
  std::optional<std::string_view> shown_name(std::string_view name) BM_REQUIRES(mutex_);
  std::shared_ptr<EntryPage> packed(const BlobPage& page) BM_REQUIRES(mutex_);
  void append(std::shared_ptr<EntryPage> page, SteadyTime asked) BM_REQUIRES(mutex_);
  void charge(bool more_comes) BM_REQUIRES(mutex_);
  void merge_namesakes(const EntryPage& page, std::size_t first) BM_REQUIRES(mutex_);
  void put_in_order() BM_REQUIRES(mutex_);
  void merge(std::size_t blob, std::size_t prefix) BM_REQUIRES(mutex_);
  [[nodiscard]] std::size_t first_undecided() const BM_REQUIRES(mutex_);
  std::vector<Waiting> take_waiting() BM_REQUIRES(mutex_);
  static void answer(std::vector<Waiting> waiting, const Result<std::size_t>& count);

  [[nodiscard]] Place place_of(std::size_t index) const BM_REQUIRES(mutex_);
  [[nodiscard]] ListedName listed_name(std::size_t index) const BM_REQUIRES(mutex_);
  [[nodiscard]] std::optional<std::size_t> index_of(ListedName name) const BM_REQUIRES(mutex_);
  /// The index that stands for `name`.
  [[nodiscard]] std::optional<std::size_t> best_index_of(std::string_view name) const BM_REQUIRES(mutex_);
  [[nodiscard]] std::uint64_t measured() const BM_REQUIRES(mutex_);

  static std::uint64_t next_id();

  const std::uint64_t id_ = next_id();
  mutable Mutex mutex_;
  MemoryBudget::Charge charge_ BM_GUARDED_BY(mutex_);
  const std::string prefix_;
  const SteadyTime asked_;
  const Cause cause_;
  /// Whose names and kinds never change, so that they can be read when the lock is free again.
  std::vector<std::shared_ptr<EntryPage>> pages_ BM_GUARDED_BY(mutex_);
  std::vector<std::size_t> first_index_ BM_GUARDED_BY(mutex_);  ///< of each page
  std::vector<SteadyTime> page_asked_ BM_GUARDED_BY(mutex_);    ///< for each page, when
  std::size_t size_ BM_GUARDED_BY(mutex_) = 0;
  std::size_t shown_ BM_GUARDED_BY(mutex_) = 0;
  bool ordered_ BM_GUARDED_BY(mutex_) = true;  ///< so far, the service listed by name
  /// Where it did not: all indexes, by name, once it is complete.
  std::vector<std::uint32_t> by_name_ BM_GUARDED_BY(mutex_);
  bool complete_ BM_GUARDED_BY(mutex_) = false;
  std::optional<Error> failure_ BM_GUARDED_BY(mutex_);
  std::vector<Waiting> waiting_ BM_GUARDED_BY(mutex_);
  std::size_t left_out_ BM_GUARDED_BY(mutex_) = 0;
  std::string left_out_example_ BM_GUARDED_BY(mutex_);
};

using SharedSnapshot = std::shared_ptr<DirectorySnapshot>;

/// The names of `old` that are gone in `fresh`, or stand for something else. Both are complete.
std::vector<std::string> changed_names(const DirectorySnapshot& old, const DirectorySnapshot& fresh);

}  // namespace blobmount
