#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/annotated_mutex.hpp"
#include "base/memory_budget.hpp"
#include "base/system_clock.hpp"
#include "cache/disk_claim.hpp"
#include "cache/disk_tier.hpp"
#include "cache/memory_tier.hpp"
#include "cache/remote_source.hpp"
#include "fakes/exactly_once.hpp"
#include "fakes/fake_blob_store.hpp"
#include "fakes/faulty_directory.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/random.hpp"
#include "fakes/recording_log.hpp"
#include "fakes/synthetic_content.hpp"
#include "file/file_reader.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount::tests {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr int scale = 10;
#else
constexpr int scale = 1;
#endif
constexpr int steps_alone = 20'000 / scale;
constexpr int steps_of_each = 5'000 / scale;
constexpr int threads = 4;
constexpr int blobs = 6;
constexpr std::uint64_t mib = 1ULL << 20U;

/// BLOBMOUNT_TEST_SEED, or another one each time.
std::uint64_t seed_of_run() {
  if (const char* const given = std::getenv("BLOBMOUNT_TEST_SEED")) return std::strtoull(given, nullptr, 0);
  return std::random_device{}();
}

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(mixed(seed)) {}
  std::uint64_t below(std::uint64_t limit) { return mixed(++state_) % limit; }
  bool one_in(std::uint64_t count) { return below(count) == 0; }

 private:
  std::uint64_t state_;
};

/// The model: the bytes of version `number` of all that was put.
SyntheticContent bytes_of_put(std::uint64_t number) { return SyntheticContent(mixed(number)); }

/// What an open file must read.
struct Expected {
  SharedVersion version;
  std::uint64_t number = 0;
};

/// Blobs that are overwritten. Safe to use from any thread.
class Blobs {
 public:
  explicit Blobs(FakeBlobStore& store) : store_(store) {}

  void put(int blob, std::uint64_t size) BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    const auto name = "blob-" + std::to_string(blob);
    const auto number = ++puts_;
    const auto properties = store_.put(
        "c", name, size, [bytes = bytes_of_put(number)](std::uint64_t offset, std::span<std::byte> into) {
          bytes.fill(offset, into);
        });
    current_[static_cast<std::size_t>(blob)] = {
        std::make_shared<const BlobVersion>(
            BlobVersion{.container = "c", .blob = name, .etag = properties.etag, .size = size}),
        number};
  }
  Expected current(int blob) const BM_EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return current_[static_cast<std::size_t>(blob)];
  }

 private:
  FakeBlobStore& store_;
  mutable Mutex mutex_;
  std::uint64_t puts_ BM_GUARDED_BY(mutex_) = 0;
  std::array<Expected, blobs> current_ BM_GUARDED_BY(mutex_);
};

/// One that opens, reads and closes at random; says what was wrong.
class RandomReader {
 public:
  RandomReader(std::uint64_t seed, Blobs& content, FakeBlobStore& store, MemoryTier& memory)
      : dice_(seed), blobs_(content), store_(store), memory_(memory) {}

  void step() {
    if (dice_.one_in(200)) overwrite();
    if (dice_.one_in(100)) break_something();
    if (files_.empty() || dice_.one_in(25)) open();
    if (files_.size() > 6 || (files_.size() > 1 && dice_.one_in(40))) close();
    std::vector<Pending> pending;
    // several at a time, as the kernel's read-ahead sends them
    for (auto count = 1 + (dice_.one_in(4) ? dice_.below(4) : 0); count > 0; --count)
      pending.push_back(read());
    for (auto& read : pending) {
      if (dice_.one_in(20)) give_up(read);
    }
    if (dice_.one_in(100)) close();  // with its reads under way
    for (auto& read : pending) check(read);
  }

  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] int failures() const { return failures_; }
  [[nodiscard]] int given_up() const { return given_up_; }

 private:
  enum class Habit { at_random, upwards, downwards, strides };
  struct File {
    Expected expected;
    std::shared_ptr<FileReader> reader{};
    Habit habit = Habit::at_random;
    std::uint64_t position = 0;
    std::uint64_t length = 0;
    std::shared_ptr<std::atomic<bool>> gone = std::make_shared<std::atomic<bool>>(false);
  };
  struct Pending {
    Expected expected;
    ByteRange range;
    std::shared_ptr<std::atomic<bool>> gone;
    std::future<Result<Bytes>> answer;
    std::weak_ptr<FileReader> reader;
    ReadId id = 0;
    bool given_up = false;
  };

  void overwrite() { blobs_.put(static_cast<int>(dice_.below(tests::blobs)), size()); }
  std::uint64_t size() { return dice_.one_in(3) ? 1 + dice_.below(mib) : 1 + dice_.below(12 * mib); }

  void break_something() {
    constexpr std::array codes = {ErrorCode::unavailable, ErrorCode::timed_out, ErrorCode::permission_denied,
                                  ErrorCode::corrupt};
    store_.fail_next(FakeBlobStore::Call::read, Error{codes.at(dice_.below(codes.size())), "injected"},
                     1 + static_cast<int>(dice_.below(3)));
  }

  void open() {
    File file{.expected = blobs_.current(static_cast<int>(dice_.below(tests::blobs)))};
    file.reader = std::make_shared<FileReader>(memory_.open(file.expected.version), file.expected.version,
                                               nullptr, [gone = file.gone] { *gone = true; });
    file.habit = static_cast<Habit>(dice_.below(4));
    file.position = file.habit == Habit::downwards ? file.expected.version->size
                    : dice_.one_in(2)              ? 0
                                                   : offset(file);
    file.length = 1 + dice_.below(dice_.one_in(4) ? mib : 3 * page_size);
    files_.push_back(std::move(file));
  }
  void close() { files_.erase(files_.begin() + static_cast<std::ptrdiff_t>(dice_.below(files_.size()))); }

  std::uint64_t offset(const File& file) { return dice_.below(file.expected.version->size + 1); }

  ByteRange next_range(File& file) {
    const auto size = file.expected.version->size;
    const auto length = file.length;
    switch (file.habit) {
      case Habit::at_random:
        file.position = offset(file);
        return {file.position, length};
      case Habit::downwards:
        file.position = file.position == 0 ? size : file.position - std::min(file.position, length);
        return {file.position, length};
      case Habit::upwards:
      case Habit::strides:
        const auto from = file.position > size ? 0 : file.position;
        file.position = from + length * (file.habit == Habit::strides ? 5 : 1);
        return {from, length};
    }
    return {};
  }

  Pending read() {
    auto& file = files_[dice_.below(files_.size())];
    const auto range = next_range(file);
    const auto answer = std::make_shared<std::promise<Result<Bytes>>>();
    const auto reader = file.reader;  // as long as the call lasts, like the adapter
    Pending pending{file.expected, range, file.gone, answer->get_future(), reader, ++last_read_};
    reader->read(range.offset, range.length,
                 exactly_once<Bytes>([answer](Result<Bytes> bytes) { answer->set_value(std::move(bytes)); }),
                 pending.id);
    return pending;
  }

  /// As the adapter does where the process was killed.
  static void give_up(Pending& pending) {
    const auto reader = pending.reader.lock();
    if (!reader) return;
    reader->give_up(pending.range.offset, pending.range.length, pending.id);
    pending.given_up = true;
    EXPECT_EQ(pending.answer.wait_for(std::chrono::seconds{20}), std::future_status::ready);
  }

  void check(Pending& pending) {
    const auto& version = *pending.expected.version;
    // the answers of this step are held until it ends: one that waits for their memory needs somebody to come
    // or go
    for (int tries = 0;
         pending.answer.wait_for(std::chrono::milliseconds{500}) != std::future_status::ready;) {
      ASSERT_LT(++tries, 60) << "a read waits for ever";
      memory_.open(pending.expected.version).reset();
    }
    const auto bytes = pending.answer.get();
    if (!bytes) {
      ++failures_;
      const auto code = bytes.error().code;
      if (pending.given_up && code == ErrorCode::cancelled) {
        ++given_up_;
        return;
      }
      ASSERT_TRUE(bytes.error().message == "injected" || code == ErrorCode::changed ||
                  code == ErrorCode::not_found)
          << name_of(code) << ": " << bytes.error().message;
      if (code == ErrorCode::changed) {
        EXPECT_TRUE(*pending.gone);
      }
      return;
    }
    const auto size = version.size - std::min(version.size, pending.range.offset);
    ASSERT_EQ(bytes->size(), std::min(size, pending.range.length));
    const auto model = bytes_of_put(pending.expected.number);
    auto offset = pending.range.offset;
    for (const auto& piece : bytes->pieces) {
      ASSERT_TRUE(model.matches(offset, {piece.data.get(), piece.size}))
          << version.blob << ' ' << version.etag << " from " << offset << ", " << piece.size << " bytes";
      offset += piece.size;
      bytes_ += piece.size;
    }
  }

  Dice dice_;
  Blobs& blobs_;
  FakeBlobStore& store_;
  MemoryTier& memory_;
  std::vector<File> files_;
  std::uint64_t bytes_ = 0;
  int failures_ = 0;
  int given_up_ = 0;
  ReadId last_read_ = 0;
};

class ReadEngineProperty : public testing::Test {
 protected:
  ReadEngineProperty() : seed(seed_of_run()) {
    RecordProperty("seed", std::to_string(seed));
    for (int blob = 0; blob < tests::blobs; ++blob)
      blobs.put(blob, static_cast<std::uint64_t>(blob) * 3 * mib + 12'345);
  }
  ~ReadEngineProperty() override {
    if (HasFailure())
      std::fprintf(stderr, "BLOBMOUNT_TEST_SEED=%llu\n", static_cast<unsigned long long>(seed));
  }

  void run(ByteSource& below, int steps, int readers) {
    MemoryTier memory(below, budget);
    {
      std::vector<std::unique_ptr<RandomReader>> all;
      std::vector<std::thread> running;
      for (int i = 0; i < readers; ++i) {
        all.push_back(
            std::make_unique<RandomReader>(seed + static_cast<std::uint64_t>(i), blobs, store, memory));
      }
      for (auto& reader : all) {
        running.emplace_back([&reader, steps] {
          for (int step = 0; step < steps && !HasFatalFailure(); ++step) reader->step();
        });
      }
      for (auto& thread : running) thread.join();
      std::uint64_t read_bytes = 0;
      int failures = 0, given_up = 0;
      for (const auto& reader : all) {
        given_up += reader->given_up();
        EXPECT_GT(reader->bytes(), 0U);
        read_bytes += reader->bytes();
        failures += reader->failures();
      }
      RecordProperty("read_mib", std::to_string(read_bytes / mib));
      RecordProperty("failures", std::to_string(failures));
      RecordProperty("given_up", std::to_string(given_up));
      EXPECT_GT(given_up, 0);
      EXPECT_GT(failures, 0);
      EXPECT_LT(failures, steps * readers);
    }
    EXPECT_GT(memory.stats().evicted, 0U);
    EXPECT_GT(memory.stats().hits, 0U);
    settle();  // before those it is told to go
  }

  /// Until nothing is under way.
  void settle() {
    if (disk) disk->stop();
    for (int before = -1; before != store.calls(FakeBlobStore::Call::read);) {
      before = store.calls(FakeBlobStore::Call::read);
      std::promise<void> behind_the_reads;
      store.get_properties("c", "blob-0",
                           [&](const Result<BlobProperties>&) { behind_the_reads.set_value(); });
      behind_the_reads.get_future().wait();
    }
  }

  const std::uint64_t seed;
  FakeBlobStore store;
  Blobs blobs{store};
  RemoteSource remote{store};
  MemoryBudget budget{6 * mib};
  std::unique_ptr<DiskTier> disk;
};

TEST_F(ReadEngineProperty, OneReaderGetsTheBytesOfItsVersionOrAnError) {
  SCOPED_TRACE("BLOBMOUNT_TEST_SEED=" + std::to_string(seed));
  run(remote, steps_alone, 1);
}

TEST_F(ReadEngineProperty, ReadersSideBySideGetTheBytesOfTheirVersionsOrErrors) {
  SCOPED_TRACE("BLOBMOUNT_TEST_SEED=" + std::to_string(seed));
  run(remote, steps_of_each, threads);
}

TEST_F(ReadEngineProperty, ReadersOverADiskGetTheBytesOfTheirVersionsOrErrors) {
  SCOPED_TRACE("BLOBMOUNT_TEST_SEED=" + std::to_string(seed));
  const TemporaryDirectory directory;
  SystemClock clock;
  RecordingLog log;
  auto claimed = claim_directory(directory.path());
  ASSERT_TRUE(claimed) << claimed.error().message;
  auto opened = DiskTier::open(remote, *std::move(claimed), "https://account",
                               {.size = 24 * mib, .free_space = 0, .waiting = mib}, budget, clock, log);
  ASSERT_TRUE(opened) << opened.error().message;
  disk = *std::move(opened);

  run(*disk, steps_of_each / 2, threads);

  EXPECT_GT(disk->stats().hits, 0U);
  EXPECT_EQ(disk->stats().bad, 0U);
  disk.reset();
}

TEST_F(ReadEngineProperty, ReadersOverADiskThatFailsGetTheBytesOfTheirVersionsOrErrorsOfTheService) {
  SCOPED_TRACE("BLOBMOUNT_TEST_SEED=" + std::to_string(seed));
  const TemporaryDirectory directory;
  ManualClock clock;
  RecordingLog log;
  DiskFaults faults;
  // mounted twice: what the first has left, half of it written, the second finds
  for (int mount = 0; mount < 2; ++mount) {
    auto claimed = claim_directory(directory.path());
    ASSERT_TRUE(claimed) << claimed.error().message;
    auto opened = DiskTier::open(remote, faulty_directory(*std::move(claimed), faults), "https://account",
                                 {.size = 24 * mib, .free_space = 0, .waiting = mib}, budget, clock, log);
    ASSERT_TRUE(opened) << opened.error().message;
    disk = *std::move(opened);
    std::atomic<bool> over{false};
    std::thread fate([&, dice = Dice(seed + 1000 + static_cast<std::uint64_t>(mount))]() mutable {
      constexpr std::array codes = {ErrorCode::unavailable, ErrorCode::no_space, ErrorCode::not_found,
                                    ErrorCode::permission_denied};
      while (!over) {
        const auto code = codes.at(dice.below(codes.size()));
        faults.fail_writes(dice.one_in(3) ? std::optional(code) : std::nullopt);
        faults.fail_reads(dice.one_in(3) ? std::optional(code) : std::nullopt);
        clock.advance(std::chrono::minutes{10});  // a disk that failed is tried again
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
      }
      faults.fail_writes(std::nullopt);
      faults.fail_reads(std::nullopt);
    });

    run(*disk, steps_of_each / 2, threads);

    over = true;
    fate.join();
    EXPECT_GT(disk->stats().hits, 0U);
    disk.reset();
  }
}

}  // namespace
}  // namespace blobmount::tests
