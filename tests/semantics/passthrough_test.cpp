/// Files that the kernel reads by itself: at what point they are, what is still promised of them, and what
/// happens to them when versions, the cache and the daemon go.

#include <algorithm>
#include <chrono>
#include <fstream>
#include <future>
#include <memory>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/mman.h>
#include <sys/xattr.h>

#include "fakes/synthetic_content.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t mib = 1U << 20U;
constexpr std::uint64_t size = 4 * mib;

bool is_data(const std::filesystem::path& file) { return file.extension() == ".data"; }

void expect_bytes(const FileHandle::Read& read, std::uint64_t seed, std::uint64_t length = size) {
  EXPECT_EQ(read.error, 0);
  EXPECT_EQ(read.bytes.size(), length);
  EXPECT_TRUE(SyntheticContent(seed).matches(0, std::as_bytes(std::span(read.bytes))));
}

/// Have the kernel drop what it keeps of `file` itself: it could be read, too. The pages of a file that is
/// passed through are its backing file's, and stay; so do those that are mapped.
void drop_pages(const FileHandle& file, std::uint64_t offset) {
  constexpr std::size_t page = 4096;
  void* const mapped =
      ::mmap(nullptr, page, PROT_READ, MAP_SHARED, file.descriptor(), static_cast<off_t>(offset));
  ASSERT_NE(mapped, MAP_FAILED);
  unsigned char resident = 1;
  for (int i = 0; i < 20 && (resident & 1U) != 0; ++i) {
    if (i > 0) std::this_thread::sleep_for(10ms);  // some are busy for a moment
    ::posix_fadvise(file.descriptor(), 0, 0, POSIX_FADV_DONTNEED);
    EXPECT_EQ(::mincore(mapped, page, &resident), 0);
  }
  ::munmap(mapped, page);
}

bool is_stopped(const std::filesystem::path& thread) {
  std::ifstream file(thread / "stat");
  std::string line;
  std::getline(file, line);
  const auto state = line.rfind(')') + 2;
  return state < line.size() && line[state] == 'T';
}

/// Until each of its threads has heard of it.
void stop(const Process& process) {
  process.signal(SIGSTOP);
  EXPECT_TRUE(eventually(10s, [&process] {
    const std::filesystem::directory_iterator threads("/proc/" + std::to_string(process.pid()) + "/task");
    return std::all_of(begin(threads), end(threads),
                       [](const auto& thread) { return is_stopped(thread.path()); });
  }));
}

/// Whether `file`, which is open, can be read while nobody serves the mount.
bool is_passed_through(const Mounted& mounted, const FileHandle& file, std::uint64_t offset = 0) {
  drop_pages(file, offset);
  stop(mounted.process());
  auto reading = std::async(std::launch::async, [&] { return file.read(offset, 4096); });
  const bool answered = reading.wait_for(2s) == std::future_status::ready;
  mounted.process().signal(SIGCONT);
  EXPECT_EQ(reading.get().bytes.size(), 4096U);
  return answered;
}

/// The first open of `path` from now on that is passed through; null: none within a while.
std::unique_ptr<FileHandle> passed_through(const Mounted& mounted, const std::filesystem::path& path) {
  std::unique_ptr<FileHandle> file;
  const bool found = eventually(30s, [&] {
    file = nullptr;  // before the next is opened
    file = std::make_unique<FileHandle>(path);
    return is_passed_through(mounted, *file);
  });
  EXPECT_TRUE(found) << mounted.log();
  return found ? std::move(file) : nullptr;
}

/// The beginning of a file, mapped.
class Mapping {
 public:
  explicit Mapping(const std::filesystem::path& path) {
    const FileHandle file(path);
    start_ = ::mmap(nullptr, length, PROT_READ, MAP_SHARED, file.descriptor(), 0);
    EXPECT_NE(start_, MAP_FAILED);
  }
  ~Mapping() { ::munmap(start_, length); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  [[nodiscard]] bool holds(std::uint64_t seed) const {
    return SyntheticContent(seed).matches(0, std::span(static_cast<const std::byte*>(start_), length));
  }

 private:
  static constexpr std::size_t length = mib;

  void* start_;
};

class Passthrough : public testing::Test {
 protected:
  Passthrough() { put(1); }

  void SetUp() override {
    const char* const binary = std::getenv("BLOBMOUNT_TEST_BINARY");
    if (binary != nullptr) GTEST_SKIP() << "the system's libfuse may have none";
  }

  void put(std::uint64_t seed, const std::string& blob = "blob") {
    service.blobs().put_synthetic("test", blob, size, seed);
  }

  [[nodiscard]] MountOptions options(const std::string& consistency = "close-to-open") const {
    return account.mount("test")
        .with("--attr-ttl", "0")
        .with("--cache-dir", directory())
        .with("--passthrough", "auto")
        .with("--consistency", consistency);
  }
  [[nodiscard]] std::filesystem::path directory() const { return parent.path() / "cache"; }

  [[nodiscard]] std::vector<std::filesystem::path> data_files() const {
    std::vector<std::filesystem::path> files;
    for (const auto& name : names_in(directory())) {
      if (is_data(name)) files.push_back(directory() / name);
    }
    return files;
  }

  /// The blob, once it has been read and the kernel reads it by itself; null: it never did.
  static std::unique_ptr<FileHandle> read_and_handed_over(const Mounted& mounted) {
    expect_bytes(read_file(mounted / "blob"), 1);
    return passed_through(mounted, mounted / "blob");
  }

  /// An overwritten blob, while its old version is passed through; and the new one is, then.
  void expect_the_next_open_sees_another(const MountOptions& how) {
    const Mounted mounted(how);
    const auto old = read_and_handed_over(mounted);
    ASSERT_TRUE(old);

    put(2);

    expect_bytes(read_file(mounted / "blob"), 2);
    expect_bytes(old->read_all(), 1);
    const auto file = passed_through(mounted, mounted / "blob");
    ASSERT_TRUE(file);
    expect_bytes(file->read_all(), 2);
  }

  /// Change a byte of each data file.
  void spoil() const {
    ASSERT_FALSE(data_files().empty());
    for (const auto& file : data_files()) {
      std::fstream bytes(file, std::ios::binary | std::ios::in | std::ios::out);
      bytes.seekg(size / 2);
      const auto byte = static_cast<char>(bytes.get() ^ 1);
      bytes.seekp(size / 2);
      bytes.put(byte);
    }
  }

  /// All of it is on disk then.
  void fill() {
    const Mounted mounted(options());
    expect_bytes(read_file(mounted / "blob"), 1);
    EXPECT_TRUE(eventually(20s, [&] {
      std::string kept(32, '\0');
      const auto length =
          ::getxattr((mounted / "blob").c_str(), "user.blob.cached", kept.data(), kept.size());
      kept.resize(static_cast<std::size_t>(std::max<ssize_t>(length, 0)));
      return kept == std::to_string(size);
    }));
  }
  /// The kernel tells of that after close(2) has returned.
  static void wait_until_all_are_closed(const Mounted& mounted) {
    EXPECT_TRUE(eventually(20s, [&] {
      const auto status = run(blobmount_command({"status", "--json", mounted.path()}));
      return status && nlohmann::json::parse(status->output).value("open_files", -1) == 0;
    }));
  }

  ServedAccount account;
  BlobService& service = account.service;
  const TemporaryDirectory parent;
};

TEST_F(Passthrough, AFileIsReadByTheKernelItselfOnceItIsComplete) {
  const Mounted mounted(options());
  expect_bytes(read_file(mounted / "blob"), 1);

  const auto file = passed_through(mounted, mounted / "blob");

  ASSERT_TRUE(file);
  expect_bytes(file->read_all(), 1);
}

TEST_F(Passthrough, ASmallFileIsToo) {
  service.blobs().put_synthetic("test", "small", 5000, 1);
  const Mounted mounted(options());
  expect_bytes(read_file(mounted / "small"), 1, 5000);

  const auto file = passed_through(mounted, mounted / "small");

  ASSERT_TRUE(file);
  expect_bytes(file->read_all(), 1, 5000);
}

TEST_F(Passthrough, AFileThatWasWarmedIsAtItsNextOpen) {
  const Mounted mounted(options());
  const auto warmed = run(blobmount_command({"warm", mounted / "blob"}));
  ASSERT_TRUE(warmed);
  ASSERT_EQ(warmed->status, 0) << warmed->error_output;
  wait_until_all_are_closed(mounted);  // the kernel reads by itself only what nobody reads otherwise

  const FileHandle file(mounted / "blob");

  EXPECT_TRUE(is_passed_through(mounted, file));
  expect_bytes(file.read_all(), 1);
}

TEST_F(Passthrough, AFileIsReadOrdinarilyUntilItIsComplete) {
  const Mounted mounted(options());
  EXPECT_EQ(FileHandle(mounted / "blob").read(0, 4096).bytes.size(), 4096U);
  std::this_thread::sleep_for(500ms);

  const FileHandle file(mounted / "blob");

  EXPECT_FALSE(is_passed_through(mounted, file));
  expect_bytes(file.read_all(), 1);
}

TEST_F(Passthrough, AfterARemountAFileIsCheckedBeforeItIsHandedOver) {
  fill();
  service.stats().reset();
  const Mounted mounted(options());

  const auto file = passed_through(mounted, mounted / "blob");

  ASSERT_TRUE(file);
  expect_bytes(file->read_all(), 1);
  EXPECT_EQ(service.stats().counts().of(RequestKind::get_blob), 0U);
}

TEST_F(Passthrough, BytesThatWentBadAreNeverHandedOver) {
  fill();
  spoil();
  const Mounted mounted(options());

  for (int i = 0; i < 20; ++i) {
    expect_bytes(read_file(mounted / "blob"), 1);
    std::this_thread::sleep_for(20ms);
  }
  const auto file = passed_through(mounted, mounted / "blob");

  ASSERT_TRUE(file) << "good bytes have taken their place";
  expect_bytes(file->read_all(), 1);
}

TEST_F(Passthrough, AFileThatSomebodyChangedIsCheckedAgain) {
  const Mounted mounted(options());
  expect_bytes(read_file(mounted / "blob"), 1);
  ASSERT_TRUE(passed_through(mounted, mounted / "blob"));

  spoil();

  for (int i = 0; i < 20; ++i) {
    expect_bytes(read_file(mounted / "blob"), 1);
    std::this_thread::sleep_for(20ms);
  }
}

TEST_F(Passthrough, AfterAKillOfTheDaemonFilesAreCheckedAnew) {
  {
    const Mounted mounted(options());
    expect_bytes(read_file(mounted / "blob"), 1);
    ASSERT_TRUE(passed_through(mounted, mounted / "blob"));
    mounted.process().signal(SIGKILL);
    ASSERT_TRUE(mounted.process().wait(10s));
  }
  spoil();
  const Mounted again(options());

  for (int i = 0; i < 20; ++i) {
    expect_bytes(read_file(again / "blob"), 1);
    std::this_thread::sleep_for(20ms);
  }
}

TEST_F(Passthrough, OpensOfOneInodeAreNotMixed) {
  const Mounted mounted(options());
  auto first = std::make_unique<FileHandle>(mounted / "blob");
  expect_bytes(first->read_all(), 1);  // complete soon, but open as it is

  std::this_thread::sleep_for(500ms);
  const FileHandle second(mounted / "blob"), direct(mounted / "blob", O_RDONLY | O_DIRECT);
  EXPECT_FALSE(is_passed_through(mounted, second));
  expect_bytes(second.read_all(), 1);
  EXPECT_EQ(direct.error(), 0);

  first.reset();
  EXPECT_FALSE(is_passed_through(mounted, second)) << "others have it open";
}

TEST_F(Passthrough, AMappingKeepsAFileAsItWasOpened) {
  const Mounted mounted(options());
  const auto mapping = std::make_unique<Mapping>(mounted / "blob");
  EXPECT_TRUE(mapping->holds(1));
  std::this_thread::sleep_for(500ms);

  const FileHandle second(mounted / "blob");

  EXPECT_FALSE(is_passed_through(mounted, second, size - 4096));
  expect_bytes(second.read_all(), 1);
  EXPECT_TRUE(mapping->holds(1));
}

TEST_F(Passthrough, OpensOfAFileThatIsPassedThroughAreToo) {
  const Mounted mounted(options());
  auto first = read_and_handed_over(mounted);
  ASSERT_TRUE(first);

  const FileHandle second(mounted / "blob"), direct(mounted / "blob", O_RDONLY | O_DIRECT);
  const Mapping mapping(mounted / "blob");

  EXPECT_TRUE(is_passed_through(mounted, second));
  EXPECT_EQ(direct.error(), 0);
  EXPECT_TRUE(mapping.holds(1));
  first.reset();
  EXPECT_TRUE(is_passed_through(mounted, second));
  expect_bytes(second.read_all(), 1);
}

TEST_F(Passthrough, AnOverwrittenBlobIsSeenByTheNextOpen) { expect_the_next_open_sees_another(options()); }

TEST_F(Passthrough, AnOverwrittenBlobIsSeenWhenItsAgeIsOver) {
  const Mounted mounted(options("cached:2s"));
  const auto old = read_and_handed_over(mounted);
  ASSERT_TRUE(old);

  put(2);
  std::this_thread::sleep_for(2500ms);

  expect_bytes(read_file(mounted / "blob"), 2);
  expect_bytes(old->read_all(), 1);
}

TEST_F(Passthrough, AnOverwrittenBlobIsSeenAfterARefreshWhereNothingElseShowsIt) {
  const Mounted mounted(options("immutable"));
  const auto old = read_and_handed_over(mounted);
  ASSERT_TRUE(old);

  put(2);
  expect_bytes(read_file(mounted / "blob"), 1);
  const auto refreshed = run(blobmount_command({"refresh", mounted / "blob"}));

  ASSERT_TRUE(refreshed);
  EXPECT_EQ(refreshed->status, 0) << refreshed->error_output;
  expect_bytes(read_file(mounted / "blob"), 2);
  expect_bytes(old->read_all(), 1);
}

TEST_F(Passthrough, ADeletedBlobCanBeReadByWhoHasItOpen) {
  const Mounted mounted(options());
  const auto file = read_and_handed_over(mounted);
  ASSERT_TRUE(file);

  service.blobs().remove("test", "blob");

  EXPECT_EQ(FileHandle(mounted / "blob").error(), ENOENT);
  expect_bytes(file->read_all(), 1);
}

TEST_F(Passthrough, AFileThatIsEvictedStaysReadable) {
  for (int i = 0; i < 6; ++i) put(1, std::to_string(i));
  const Mounted mounted(options().with("--cache-size", "9MiB"));
  const auto file = read_and_handed_over(mounted);
  ASSERT_TRUE(file);
  const Mapping mapping(mounted / "blob");
  const auto before = data_files();
  ASSERT_EQ(before.size(), 1U);

  for (int i = 0; i < 6; ++i) expect_bytes(read_file(mounted / std::to_string(i)), 1);
  std::filesystem::remove(before.front());  // as when all others were in use, too

  ::posix_fadvise(file->descriptor(), 0, 0, POSIX_FADV_DONTNEED);
  expect_bytes(file->read_all(), 1);
  EXPECT_TRUE(mapping.holds(1));
}

TEST_F(Passthrough, TheCacheDirectoryMayGo) {
  const Mounted mounted(options());
  const auto file = read_and_handed_over(mounted);
  ASSERT_TRUE(file);

  std::filesystem::remove_all(directory());

  expect_bytes(file->read_all(), 1);
  expect_bytes(read_file(mounted / "blob"), 1);
  put(2);
  expect_bytes(read_file(mounted / "blob"), 2);
}

TEST_F(Passthrough, AKilledDaemonLeavesClearErrorsAndAMountPointForTheNext) {
  const Mounted mounted(options());
  const auto file = read_and_handed_over(mounted);
  ASSERT_TRUE(file);

  mounted.process().signal(SIGKILL);
  ASSERT_EQ(mounted.process().wait(10s), 128 + SIGKILL);

  // for a moment the rings are being taken down, and it is ECONNABORTED
  EXPECT_TRUE(eventually(10s, [&] { return FileHandle(mounted / "blob").error() == ENOTCONN; }));
  expect_bytes(file->read_all(), 1);
  detach(mounted.path());
  const Mounted again(options());
  expect_bytes(read_file(again / "blob"), 1);
}

/// Without a directory to keep files in.
class PassthroughFromMemory : public Passthrough {
 protected:
  [[nodiscard]] MountOptions options() const {
    return account.mount("test").with("--attr-ttl", "0").with("--passthrough", "auto");
  }
};

TEST_F(PassthroughFromMemory, AFileThatIsWholeThereIsReadByTheKernelItself) {
  service.blobs().put_synthetic("test", "small", 5000, 1);
  const Mounted mounted(options());
  expect_bytes(read_file(mounted / "small"), 1, 5000);
  service.stats().reset();

  const auto file = read_and_handed_over(mounted);
  const auto small = passed_through(mounted, mounted / "small");

  ASSERT_TRUE(file && small);
  expect_bytes(file->read_all(), 1);
  expect_bytes(small->read_all(), 1, 5000);
  EXPECT_TRUE(Mapping(mounted / "blob").holds(1));
  const FileHandle direct(mounted / "blob", O_RDONLY | O_DIRECT);
  EXPECT_EQ(direct.error(), 0);
  EXPECT_EQ(service.stats().counts().body_bytes, size) << "the large one was read once";
}

TEST_F(PassthroughFromMemory, AnOverwrittenBlobIsSeenByTheNextOpen) {
  expect_the_next_open_sees_another(options());
}

TEST_F(PassthroughFromMemory, FilesThatAreNeededNoLongerMakeRoomAndThoseInUseStay) {
  for (int i = 0; i < 8; ++i) put(1, std::to_string(i));
  const Mounted mounted(options().with("--memory", "64MiB"));  // 16 MiB of them for files
  const auto used = read_and_handed_over(mounted);
  ASSERT_TRUE(used);

  for (int i = 0; i < 8; ++i) {
    expect_bytes(read_file(mounted / std::to_string(i)), 1);
    EXPECT_TRUE(passed_through(mounted, mounted / std::to_string(i)));
  }

  expect_bytes(used->read_all(), 1);
  EXPECT_TRUE(is_passed_through(mounted, FileHandle(mounted / "blob")));
}

TEST_F(Passthrough, CanBeSwitchedOff) {
  auto without = options();
  for (auto& argument : without.arguments) {
    if (argument == "auto") argument = "off";
  }
  const Mounted mounted(without);
  expect_bytes(read_file(mounted / "blob"), 1);
  std::this_thread::sleep_for(500ms);

  const FileHandle file(mounted / "blob");

  EXPECT_FALSE(is_passed_through(mounted, file));
  expect_bytes(file.read_all(), 1);
}

}  // namespace
}  // namespace blobmount::tests
