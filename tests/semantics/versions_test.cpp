/// An open file is one version of a blob, whatever becomes of the blob: its bytes or an error, no mixture.

#include <array>
#include <atomic>
#include <cerrno>
#include <csetjmp>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>

#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t mib = 1U << 20U;

AzuriteAccount& account() {
  static AzuriteAccount running;
  static const bool made = [] { return running.author.create_container("test"), true; }();
  (void)made;
  return running;
}

/// A mount on which open always asks, so that tests need not wait for what it knows to become old.
class Version : public testing::Test {
 protected:
  /// Write the blob of this test; every byte of it is `letter`.
  void write(char letter, std::size_t size) {
    account().author.put("test", name(), std::string(size, letter));
  }
  [[nodiscard]] static std::string name() {
    return testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  [[nodiscard]] std::filesystem::path file() const { return mounted / name(); }

  const Mounted mounted{account().mount("test").with("--attr-ttl", "0")};
};

TEST_F(Version, ThatWasOverwrittenGivesStaleAndTheNextOpenTheNewOne) {
  write('a', 4 * mib);
  const FileHandle old(file());
  ASSERT_EQ(old.read(0, 4096).bytes, std::string(4096, 'a'));

  write('b', 5 * mib);

  const auto rest = old.read(2 * mib, 4096);
  EXPECT_EQ(rest, (FileHandle::Read{.error = ESTALE}));
  EXPECT_EQ(read_file(file()), (FileHandle::Read{std::string(5 * mib, 'b')}));
  EXPECT_EQ(old.read(2 * mib, 4096).error, ESTALE) << "also when the new one is in the page cache";
}

TEST_F(Version, OfTheSameSizeWithinTheSameSecondIsAnotherOneToo) {
  for (int i = 0; i < 10; ++i) {
    const char letter = static_cast<char>('a' + i);
    write(letter, 100'000);
    ASSERT_EQ(read_file(file()), (FileHandle::Read{std::string(100'000, letter)}));
  }
}

TEST_F(Version, KeepsWhatThePageCacheHolds) {
  write('a', mib);
  const FileHandle old(file());
  ASSERT_EQ(old.read_all().bytes, std::string(mib, 'a'));

  write('b', mib);
  ASSERT_EQ(read_file(file()).bytes, std::string(mib, 'b'));

  EXPECT_EQ(old.read_all(), (FileHandle::Read{std::string(mib, 'a')})) << "not a byte of the new one";
  EXPECT_EQ(read_file(file()).bytes, std::string(mib, 'b')) << "nor the other way round";
}

TEST_F(Version, ThatIsReadWhileItIsOverwrittenAgainAndAgainIsNeverAMixture) {
  write('a', 3 * mib);
  std::atomic<bool> enough = false;
  std::thread writer([&enough] {
    BlobAuthor author(account().azurite);
    for (int i = 1; !enough; ++i) {
      author.put("test", name(), std::string(3 * mib, static_cast<char>('a' + i % 26)));
      std::this_thread::sleep_for(30ms);
    }
  });

  const auto end = std::chrono::steady_clock::now() + 4s;
  for (int reads = 0; reads < 10 || std::chrono::steady_clock::now() < end; ++reads) {
    const auto read = read_file(file());
    EXPECT_TRUE(read.error == 0 || read.error == ESTALE) << read.error;
    EXPECT_TRUE(read.error != 0 || read.bytes.size() == 3 * mib);
    EXPECT_EQ(read.bytes.find_first_not_of(read.bytes.substr(0, 1)), std::string::npos) << "a mixture";
  }
  enough = true;
  writer.join();
}

TEST_F(Version, ThatWasDeletedIsGone) {
  write('a', 4 * mib);
  const FileHandle old(file());
  ASSERT_EQ(old.read(0, 4096).error, 0);

  account().author.remove("test", name());

  // the service may say that the blob is absent, or (as Azurite does) that it is not that version
  const auto rest = old.read(2 * mib, 4096);
  EXPECT_EQ(rest.bytes, "");
  EXPECT_TRUE(rest.error == ENOENT || rest.error == ESTALE) << rest.error;
  EXPECT_EQ(FileHandle(file()).error(), ENOENT);
}

TEST_F(Version, OpenTrustsWhatItKnowsForASecondOnly) {
  const Mounted trusting(account().mount("test"));
  write('a', 10);
  ASSERT_EQ(content_of(trusting / name()), std::string(10, 'a'));

  write('b', 20);

  std::this_thread::sleep_for(1100ms);
  EXPECT_EQ(content_of(trusting / name()), std::string(20, 'b'));
}

sigjmp_buf behind_bus_error;

/// The byte at `at`, or nothing where the kernel raises SIGBUS.
std::optional<char> byte_at(const volatile char* at) {
  struct sigaction action {
  }, before{};
  action.sa_handler = [](int) { siglongjmp(behind_bus_error, 1); };
  sigaction(SIGBUS, &action, &before);
  volatile char byte = 0;
  volatile bool there = false;  // what is not volatile may be anything after the jump
  if (sigsetjmp(behind_bus_error, 1) == 0) {
    byte = *at;
    there = true;
  }
  sigaction(SIGBUS, &before, nullptr);
  return there ? std::optional<char>(byte) : std::nullopt;
}

TEST_F(Version, ThatIsMappedKeepsItsPagesAndRaisesABusErrorWhereItHasNone) {
  constexpr std::size_t size = 8 * mib;
  write('a', size);
  const FileHandle old(file());
  const auto* const mapping =
      static_cast<const char*>(::mmap(nullptr, size, PROT_READ, MAP_SHARED, old.descriptor(), 0));
  ASSERT_NE(mapping, MAP_FAILED);
  ::madvise(const_cast<char*>(mapping), size, MADV_RANDOM);
  ASSERT_EQ(byte_at(mapping), 'a');

  write('b', size);
  ASSERT_EQ(read_file(file()).bytes, std::string(size, 'b'));

  EXPECT_EQ(byte_at(mapping), 'a');
  EXPECT_EQ(byte_at(mapping + 6 * mib), std::nullopt);
  ::munmap(const_cast<char*>(mapping), size);
}

}  // namespace
}  // namespace blobmount::tests
