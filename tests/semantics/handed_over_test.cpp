/// A mount that root makes and hands over to a daemon without any privilege.

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr Duration soon = 20s;
constexpr uid_t nobody = 65534;
/// Where the daemon gets it; nothing else of this program is there.
constexpr int number = 900;

/// Inherited by what is started as long as it lives.
class Handed {
 public:
  explicit Handed(int descriptor) { ::dup2(descriptor, number); }
  ~Handed() { ::close(number); }
  Handed(const Handed&) = delete;
  Handed& operator=(const Handed&) = delete;
};

/// What a privileged helper does.
class MadeMount {
 public:
  explicit MadeMount(uid_t user) {
    std::filesystem::create_directory(point_);
    std::filesystem::permissions(directory_.path(), std::filesystem::perms(0755));
    const auto id = std::to_string(user);
    const auto options = "fd=" + std::to_string(device_) + ",rootmode=40000,user_id=" + id +
                         ",group_id=" + id + ",default_permissions,allow_other";
    if (device_ < 0 || ::mount("handed-over", point_.c_str(), "fuse.blobmount",
                               MS_RDONLY | MS_NOSUID | MS_NODEV, options.c_str()) != 0)
      throw std::system_error(errno, std::generic_category(), "mount");
  }
  ~MadeMount() {
    let_go();
    detach(point_);
  }
  MadeMount(const MadeMount&) = delete;
  MadeMount& operator=(const MadeMount&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return point_; }
  [[nodiscard]] int device() const { return device_; }
  void let_go() {
    if (device_ >= 0) ::close(device_);
    device_ = -1;
  }

 private:
  const TemporaryDirectory directory_;
  const std::filesystem::path point_ = directory_.path() / "mount";
  int device_ = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
};

/// blobmount where everybody can get at it.
const std::filesystem::path& program_for_everybody() {
  static const TemporaryDirectory directory;
  static const auto copy = [] {
    auto program = directory.path() / "blobmount";
    std::filesystem::permissions(directory.path(), std::filesystem::perms(0755));
    std::filesystem::copy_file(blobmount_command({}).arguments.front(), program);
    std::filesystem::permissions(program, std::filesystem::perms(0755));
    return program;
  }();
  return copy;
}

/// blobmount as "nobody", with no privilege and no fusermount3 in its PATH.
Command unprivileged(const MountOptions& options) {
  auto command = blobmount_command(options.arguments, options.environment);
  command.arguments.front() = program_for_everybody();
  command.environment["PATH"] = "/nonexistent";
  const std::vector<std::string> before{"/usr/bin/setpriv", "--reuid=65534",       "--regid=65534",
                                        "--clear-groups",   "--bounding-set=-all", "--no-new-privs"};
  command.arguments.insert(command.arguments.begin(), before.begin(), before.end());
  return command;
}

class HandedOver : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can make the mount";
    (void)blobmount_command({});  // mounts of our own, before there is one
    account.service.blobs().put("test", "text.txt", "hello\n");
  }
  [[nodiscard]] Command serve() const {
    auto options = account.mount("test");
    options.arguments.insert(options.arguments.begin(),
                             {options.source, "/dev/fd/" + std::to_string(number), "--foreground"});
    return unprivileged(options);
  }
  /// By a process that can be killed: without a daemon, it would wait for ever.
  static std::string read(const MadeMount& mount) {
    const auto cat = run({.arguments = {"cat", mount.path() / "text.txt"}}, soon);
    return cat ? cat->output + cat->error_output : "cat hangs";
  }
  static std::string refusal(const Command& command) {
    const auto refused = run(command);
    return refused && refused->status == 1 ? refused->error_output : "it is not refused";
  }

  ServedAccount account;
};

TEST_F(HandedOver, ADaemonWithoutPrivilegeServesIt) {
  MadeMount mount(nobody);
  const Handed handed(mount.device());
  const Process daemon(serve());

  mount.let_go();

  EXPECT_EQ(read(mount), "hello\n") << daemon.error_output();
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait(soon), 0) << daemon.error_output();
  EXPECT_THAT(daemon.error_output(), testing::Not(HasSubstr("fusermount")));
}

TEST_F(HandedOver, WhoeverMadeItUnmountsItAndTheDaemonEnds) {
  MadeMount mount(nobody);
  const Handed handed(mount.device());
  const Process daemon(serve());
  mount.let_go();
  ASSERT_EQ(read(mount), "hello\n") << daemon.error_output();

  EXPECT_EQ(unmount(mount.path()), 0);

  EXPECT_EQ(daemon.wait(soon), 0) << daemon.error_output();
}

TEST_F(HandedOver, AtTheDaemonsEndTheMountIsDeadAndNotStuck) {
  MadeMount mount(nobody);
  std::optional<Handed> handed(std::in_place, mount.device());
  const Process daemon(serve());
  ASSERT_EQ(read(mount), "hello\n") << daemon.error_output();
  mount.let_go();
  handed.reset();

  daemon.signal(SIGTERM);
  ASSERT_EQ(daemon.wait(soon), 0) << daemon.error_output();

  // over io_uring the first answers are ECANCELED or ECONNABORTED
  EXPECT_TRUE(eventually(soon, [&mount] { return stat_error(mount.path() / "never-seen") == ENOTCONN; }));
}

TEST_F(HandedOver, TheScriptThatHandsOverTakesTheMountAwayAtItsEnd) {
  const TemporaryDirectory mount_point;
  std::filesystem::permissions(mount_point.path(), std::filesystem::perms(0755));
  const auto options = account.mount("test");
  auto command = blobmount_command({options.source, mount_point.path()}, options.environment);
  command.arguments.front() = BLOBMOUNT_SOURCE_DIR "/packaging/container/hand-over.sh";
  command.environment["PATH"] =
      program_for_everybody().parent_path().string() + ":/usr/sbin:/usr/bin:/sbin:/bin";
  const Process script(command);
  ASSERT_TRUE(eventually(soon, [&] { return is_mounted(mount_point.path()); })) << script.error_output();
  const auto cat = run({.arguments = {"cat", mount_point.path() / "text.txt"}}, soon);
  ASSERT_TRUE(cat) << "cat hangs: " << script.error_output();
  EXPECT_EQ(cat->output, "hello\n") << cat->error_output << script.error_output();

  script.signal(SIGTERM);

  EXPECT_EQ(script.wait(soon), 0) << script.error_output();
  EXPECT_FALSE(is_mounted(mount_point.path()));
  detach(mount_point.path());
}

TEST_F(HandedOver, ADescriptorThatIsNotOpenIsRefused) {
  EXPECT_THAT(refusal(serve()), HasSubstr("cannot mount on '/dev/fd/900': descriptor 900 is not open"));
}

TEST_F(HandedOver, ADescriptorOfSomethingElseIsRefused) {
  const Handed handed(STDIN_FILENO);

  EXPECT_THAT(refusal(serve()), HasSubstr("descriptor 900 is not one of /dev/fuse"));
}

TEST_F(HandedOver, ADeviceThatNobodyHasMountedIsRefused) {
  const int device = ::open("/dev/fuse", O_RDWR | O_CLOEXEC);
  const Handed handed(device);
  ::close(device);

  EXPECT_THAT(refusal(serve()), HasSubstr("descriptor 900 belongs to no mount"));
}

TEST_F(HandedOver, AMountThatHasGoneIsRefused) {
  MadeMount mount(nobody);
  const Handed handed(mount.device());
  detach(mount.path());

  EXPECT_THAT(refusal(serve()), HasSubstr("descriptor 900 belongs to no mount"));
}

}  // namespace
}  // namespace blobmount::tests
