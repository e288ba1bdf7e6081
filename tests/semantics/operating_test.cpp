/// The commands that watch and manage mounts: list, status, top, cache and unmount.

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include "fakes/synthetic_content.hpp"
#include "support/background_mount.hpp"
#include "support/eventually.hpp"
#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr Duration soon = 30s;
constexpr std::uint64_t mib = 1U << 20U;

/// A service whose container `test` has small files and one of 8 MiB.
ServedAccount& account() {
  static ServedAccount running;
  static const bool filled = [] {
    for (const auto* name : {"text.txt", "folder/text.txt"})
      running.service.blobs().put("test", name, "hello\n");
    running.service.blobs().put_synthetic("test", "large", 8 * mib, 1);
    return true;
  }();
  (void)filled;
  return running;
}

/// With its exit status.
Finished run_blobmount(const std::vector<std::string>& arguments) {
  const auto finished = run(blobmount_command(arguments), soon);
  EXPECT_TRUE(finished) << "it hangs";
  return finished.value_or(Finished{-1, "", ""});
}

json json_of(const std::vector<std::string>& arguments) {
  const auto finished = run_blobmount(arguments);
  auto parsed = json::parse(finished.output, nullptr, false);
  EXPECT_FALSE(parsed.is_discarded()) << finished.output << finished.error_output;
  return parsed;
}

/// Of the mount at that place, in what `blobmount list --json` says.
json listed(const std::filesystem::path& mount_point) {
  const auto list = json_of({"list", "--json"});
  for (const auto& mount : list.at("mounts")) {
    if (mount.value("mount_point", "") == mount_point.native()) return mount;
  }
  return json::object();
}

class Operating : public testing::Test {
 protected:
  /// The kernel asks for every byte that is read past its cache.
  [[nodiscard]] static MountOptions options() { return account().mount("test").with("--passthrough", "off"); }
};

TEST_F(Operating, ListShowsEachMountAndItsHealth) {
  const Mounted one(options()), two(options());
  ASSERT_EQ(content_of(one / "text.txt"), "hello\n");
  ASSERT_EQ(content_of(two / "text.txt"), "hello\n");

  json found;
  EXPECT_TRUE(eventually(soon, [&] { return (found = listed(one.path())).value("health", "") == "ok"; }))
      << found;
  EXPECT_EQ(found.value("pid", 0), one.process().pid());
  EXPECT_THAT(found.value("source", ""), HasSubstr("/test"));
  const auto text = run_blobmount({"list"});
  EXPECT_EQ(text.status, 0);
  EXPECT_THAT(text.output, HasSubstr(one.path().string()));
  EXPECT_THAT(text.output, HasSubstr(two.path().string()));
}

TEST_F(Operating, AKilledDaemonIsListedAsDeadAndCanBeUnmounted) {
  const Mounted mounted(options());
  mounted.process().signal(SIGKILL);
  ASSERT_TRUE(mounted.process().wait(soon));

  EXPECT_TRUE(eventually(soon, [&] { return listed(mounted.path()).value("health", "") == "dead"; }));
  const auto status = run_blobmount({"status", mounted.path()});
  EXPECT_EQ(status.status, 1);
  EXPECT_THAT(status.output, HasSubstr("its daemon has ended"));

  EXPECT_EQ(run_blobmount({"unmount", mounted.path()}).status, 0);
  EXPECT_FALSE(is_mounted(mounted.path()));
}

TEST_F(Operating, ADaemonThatHangsDoesNotHoldUpTheList) {
  const Mounted hanging(options()), well(options());
  ASSERT_EQ(content_of(well / "text.txt"), "hello\n");
  ASSERT_EQ(content_of(hanging / "text.txt"), "hello\n");
  hanging.process().signal(SIGSTOP);

  EXPECT_EQ(listed(hanging.path()).value("health", ""), "not responding");
  EXPECT_TRUE(eventually(soon, [&] { return listed(well.path()).value("health", "") == "ok"; }));

  hanging.process().signal(SIGCONT);
}

TEST_F(Operating, StatusTellsWhoServesTheMountAndNoSecret) {
  const Mounted mounted(options().with("--consistency", "cached:30s"));
  ASSERT_EQ(content_of(mounted / "text.txt"), "hello\n");

  const auto status = json_of({"status", "--json", mounted / "text.txt"});
  EXPECT_EQ(status.value("health", ""), "ok") << status;
  EXPECT_EQ(status.value("pid", 0), mounted.process().pid());
  EXPECT_EQ(status.value("consistency", ""), "cached:30s");
  EXPECT_THAT(status.value("credential", ""), HasSubstr("managed identity"));
  EXPECT_TRUE(status.at("/token/valid"_json_pointer));
  EXPECT_GT(status.at("/token/expires_in_s"_json_pointer), 0);
  EXPECT_THAT(status.dump(), Not(HasSubstr("eyJ"))) << "so begins a token";

  const auto text = run_blobmount({"status", mounted.path()});
  EXPECT_EQ(text.status, 0);
  for (const auto* label :
       {"Health: ok", "Daemon: blobmount ", "Credential: ", "Token: valid", "Memory: ", "Cost: about "})
    EXPECT_THAT(text.output, HasSubstr(label));
}

TEST_F(Operating, StatusOfWhatIsNoMountSaysSo) {
  const auto status = run_blobmount({"status", "/"});

  EXPECT_EQ(status.status, 1);
  EXPECT_THAT(status.error_output, HasSubstr("not in a mount of blobmount"));
}

TEST_F(Operating, AnErrorThatAProgramGotIsInTheStatus) {
  const Mounted mounted(options());
  account().service.blobs().put("test", "refused.txt", "hello\n");
  account().service.faults().add_always(
      {.kind = FaultKind::status, .status = 403, .code = "AuthorizationFailure"}, RequestKind::get_blob);
  const auto error = read_file(mounted / "refused.txt").error;
  account().service.faults().clear();
  ASSERT_EQ(error, EACCES);

  const auto status = json_of({"status", "--json", mounted.path()});

  EXPECT_EQ(status.value("health", ""), "degraded") << status;
  EXPECT_THAT(status.at("/last_error/sentence"_json_pointer).get<std::string>(),
              HasSubstr("a firewall or network rule"));
}

TEST_F(Operating, UnmountWaitsForTheDaemonToEnd) {
  const BackgroundMount mounted(options());
  ASSERT_EQ(content_of(mounted / "text.txt"), "hello\n");

  const auto finished = run_blobmount({"unmount", mounted.path()});

  EXPECT_EQ(finished.status, 0) << finished.error_output;
  EXPECT_FALSE(is_mounted(mounted.path()));
  EXPECT_TRUE(mounted.daemons().empty());
}

TEST_F(Operating, UnmountNamesWhoUsesTheMount) {
  const Mounted mounted(options());
  Command sleeping{.arguments = {"sleep", "60"}};
  sleeping.directory = mounted.path();
  const Process user(sleeping);

  const auto refused = run_blobmount({"unmount", mounted.path()});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.error_output,
              HasSubstr("in use by sleep (pid " + std::to_string(user.pid()) + ", working directory)"));
  EXPECT_TRUE(is_mounted(mounted.path()));

  EXPECT_EQ(run_blobmount({"unmount", "--lazy", mounted.path()}).status, 0);
  EXPECT_FALSE(is_mounted(mounted.path()));
}

/// What is mounted somewhere, at another place as well; for root.
class Bound {
 public:
  explicit Bound(const std::filesystem::path& what) {
    EXPECT_EQ(::mount(what.c_str(), path().c_str(), nullptr, MS_BIND, nullptr), 0);
  }
  ~Bound() { detach(path()); }
  Bound(const Bound&) = delete;
  Bound& operator=(const Bound&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return directory_.path(); }

 private:
  const TemporaryDirectory directory_;
};

TEST_F(Operating, UnmountTakesThePlaceThatWasNamed) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can bind mounts";
  const Mounted mounted(options());
  const Bound all(mounted.path()), folder(mounted / "folder");
  ASSERT_EQ(content_of(folder.path() / "text.txt"), "hello\n");

  EXPECT_EQ(run_blobmount({"unmount", folder.path()}).status, 0);
  EXPECT_FALSE(is_mounted(folder.path()));
  const auto original = run_blobmount({"unmount", mounted.path()});
  EXPECT_EQ(original.status, 0) << original.error_output;
  EXPECT_FALSE(is_mounted(mounted.path()));
  EXPECT_EQ(content_of(all.path() / "text.txt"), "hello\n") << "its daemon is not waited for, and serves on";

  EXPECT_EQ(run_blobmount({"unmount", all.path()}).status, 0);
  EXPECT_TRUE(mounted.process().wait(soon));
}

TEST_F(Operating, UnmountAllTakesAllThatAreSeen) {
  if (::geteuid() != 0) GTEST_SKIP() << "without mounts of its own, this test would take away others'";
  const Mounted one(options()), two(options());
  const Bound all(one.path()), folder(one / "folder");

  const auto finished = run_blobmount({"unmount", "--all", "--json"});

  EXPECT_EQ(finished.status, 0) << finished.output;
  for (const auto& place : {one.path(), two.path(), all.path(), folder.path()})
    EXPECT_FALSE(is_mounted(place)) << place;
}

TEST_F(Operating, UnmountOfADirectoryInAMountNamesTheMount) {
  const Mounted mounted(options());
  const auto refused = run_blobmount({"unmount", mounted / "text.txt"});

  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.error_output, HasSubstr("it lies in the mount '" + mounted.path().string() + "'"));
  EXPECT_EQ(run_blobmount({"unmount"}).status, 2);
}

TEST_F(Operating, TopShowsWhatIsRead) {
  const Mounted mounted(options());
  const Process reading(
      {.arguments = {"sh", "-c",
                     "while :; do cat \"$0\" >/dev/null; dd if=\"$0\" of=/dev/null bs=1M iflag=direct; done",
                     mounted / "large"}});

  json sample;
  const bool seen = eventually(60s, [&] {
    sample = json_of({"top", "--json", mounted.path()});
    return sample.value("read_bytes_per_second", 0.0) > 0 && !sample["files"].empty();
  });
  EXPECT_TRUE(seen) << sample;
  EXPECT_EQ(sample.at("/files/0/name"_json_pointer), "test/large");
  EXPECT_GT(sample.at("/kernel/read/per_second"_json_pointer), 0.0);

  const auto text = run_blobmount({"top", "--once", mounted.path()});
  EXPECT_EQ(text.status, 0) << text.error_output;
  EXPECT_THAT(text.output, HasSubstr("BUSIEST FILES"));
  EXPECT_THAT(text.output, HasSubstr("test/large"));
}

/// A terminal of its own, in which a shell runs.
class Screen {
 public:
  Screen() { tmux({"-f", "/dev/null", "new-session", "-d", "-x", "90", "-y", "30", "PS1='$ ' sh"}); }
  ~Screen() { tmux({"kill-server"}); }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  void type(const std::string& text) { tmux({"send-keys", text, "Enter"}); }
  void press(const std::string& key) { tmux({"send-keys", key}); }
  void resize(const std::string& width, const std::string& height) {
    tmux({"resize-window", "-x", width, "-y", height});
  }
  [[nodiscard]] std::string text() { return tmux({"capture-pane", "-p"}); }
  [[nodiscard]] bool shows(const std::string& words, Duration patience = soon) {
    return eventually(patience, [&] { return text().find(words) != std::string::npos; });
  }
  [[nodiscard]] bool no_longer_shows(const std::string& words) {
    return eventually(soon, [&] { return text().find(words) == std::string::npos; });
  }

 private:
  std::string tmux(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"tmux", "-S", directory_.path() / "socket"});
    auto command = blobmount_command({});
    command.arguments = std::move(arguments);
    const auto finished = run(command, soon);
    return finished ? finished->output : "";
  }
  const TemporaryDirectory directory_;
};

TEST_F(Operating, TopInATerminalIsLiveAndLeavesItAsItWas) {
  const Mounted mounted(options());
  const auto program = blobmount_command({}).arguments.front();
  Screen screen;
  screen.type("echo before");
  ASSERT_TRUE(screen.shows("before"));

  screen.type(program + " top " + mounted.path().string() + "; echo ended:$?");
  ASSERT_TRUE(screen.shows("BUSIEST FILES")) << screen.text();
  screen.resize("40", "10");
  EXPECT_TRUE(screen.no_longer_shows("BUSIEST")) << "there is no room for it: " << screen.text();
  EXPECT_TRUE(screen.shows("KERNEL")) << screen.text();

  screen.press("q");
  EXPECT_TRUE(screen.shows("ended:0")) << screen.text();
  EXPECT_TRUE(screen.no_longer_shows("KERNEL")) << screen.text();
  screen.type("echo is echoed");
  EXPECT_TRUE(screen.shows("$ echo is echoed")) << screen.text();
}

/// The process that runs `arguments`; 0: there is none.
pid_t find_process(const std::vector<std::string>& arguments) {
  std::string wanted;
  for (const auto& argument : arguments) wanted.append(argument).push_back('\0');
  for (const auto& process : std::filesystem::directory_iterator("/proc")) {
    const auto pid = std::atoi(process.path().filename().c_str());
    std::stringstream found;
    found << std::ifstream(process.path() / "cmdline").rdbuf();  // of one that ends meanwhile: nothing
    if (pid > 0 && found.str() == wanted) return pid;
  }
  return 0;
}

TEST_F(Operating, TopEndsWithASignalAndRestoresTheTerminal) {
  const Mounted mounted(options());
  const auto program = blobmount_command({}).arguments.front();
  Screen screen;
  screen.type(program + " top " + mounted.path().string() + "; echo ended:$?");
  ASSERT_TRUE(screen.shows("BUSIEST FILES")) << screen.text();
  const auto top = find_process({program, "top", mounted.path()});
  ASSERT_GT(top, 0);

  ASSERT_EQ(::kill(top, SIGTERM), 0);

  EXPECT_TRUE(screen.shows("ended:0")) << screen.text();
  EXPECT_TRUE(screen.no_longer_shows("KERNEL")) << screen.text();
  screen.type("echo is echoed");
  EXPECT_TRUE(screen.shows("$ echo is echoed")) << screen.text();
}

class Cache : public testing::Test {
 protected:
  [[nodiscard]] MountOptions options() const {
    return account().mount("test").with("--cache-dir", directory()).with("--passthrough", "off");
  }
  [[nodiscard]] std::filesystem::path directory() const { return parent.path() / "cache"; }

  /// Read all of the large file, and wait until the disk has it.
  void fill(const Mounted& mounted) {
    EXPECT_EQ(content_of(mounted / "large").size(), 8 * mib);
    EXPECT_TRUE(eventually(soon, [&] {
      return json_of({"cache", "show", "--json", mounted.path()}).at("/disk_cache/bytes"_json_pointer) >=
             8 * mib;
    }));
  }
  /// Bytes that come from the service for it.
  static std::uint64_t fetched_to_read(const std::filesystem::path& file) {
    const auto before = account().service.stats().counts().body_bytes;
    EXPECT_EQ(content_of(file).size(), 8 * mib);
    return account().service.stats().counts().body_bytes - before;
  }
  /// The kernel tells of that after close(2) has returned.
  static void wait_until_all_are_closed(const Mounted& mounted) {
    EXPECT_TRUE(eventually(soon, [&] {
      return json_of({"status", "--json", mounted.path()}).value("open_files", -1) == 0;
    }));
  }
  /// Nothing of it is here then, nor in the kernel. What was closed is in use for a moment still.
  static void expect_fetched_once_cleared(const Mounted& mounted) {
    EXPECT_TRUE(eventually(soon, [&] {
      EXPECT_EQ(run_blobmount({"cache", "clear", mounted.path()}).status, 0);
      return fetched_to_read(mounted / "large") >= 8 * mib;
    }));
  }
  /// Change a byte of each data file.
  void damage() {
    for (const auto& file : std::filesystem::directory_iterator(directory())) {
      if (file.path().extension() != ".data") continue;
      std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
      bytes.seekg(mib);
      const auto byte = static_cast<char>(bytes.get() ^ 1);
      bytes.seekp(mib);
      bytes.put(byte);
    }
  }

  const TemporaryDirectory parent;
};

TEST_F(Cache, IsShownVerifiedAndClearedWhileItIsMounted) {
  const Mounted mounted(options());
  fill(mounted);

  const auto good = json_of({"cache", "verify", "--json", mounted.path()});
  EXPECT_EQ(good.value("bad", -1), 0) << good;
  EXPECT_EQ(good.value("disk_bytes", 0U), 8 * mib);
  EXPECT_THAT(run_blobmount({"cache", "show", mounted.path()}).output,
              HasSubstr("8.0 MiB of 10.0 GiB, 1 blobs"));

  damage();
  const auto bad = run_blobmount({"cache", "verify", mounted.path()});
  EXPECT_EQ(bad.status, 1);
  EXPECT_THAT(bad.output, HasSubstr("1 pages are not what was written"));
  const auto read = read_file(mounted / "large");
  EXPECT_TRUE(SyntheticContent(1).matches(0, std::as_bytes(std::span(read.bytes))));

  wait_until_all_are_closed(mounted);
  std::uint64_t from_memory = 0;
  EXPECT_TRUE(eventually(soon, [&] {
    from_memory += json_of({"cache", "clear", "--json", mounted.path()}).value("memory_bytes", 0U);
    return json_of({"cache", "show", "--json", mounted.path()}).at("/disk_cache/blobs"_json_pointer) == 0;
  })) << "what was closed is in use for a moment still";
  EXPECT_GT(from_memory, 0U);
  expect_fetched_once_cleared(mounted);
}

TEST_F(Cache, OfAMountWithoutADiskIsClearedWhoeverKeepsIt) {
  const Mounted mounted(account().mount("test"));
  const auto large = mounted / "large";
  EXPECT_TRUE(eventually(soon, [&] { return fetched_to_read(large) == 0; })) << "all of it is kept";
  wait_until_all_are_closed(mounted);

  expect_fetched_once_cleared(mounted);
}

TEST_F(Cache, OfNobodyIsCaredForByItsDirectory) {
  {
    const Mounted mounted(options());
    fill(mounted);
    const auto refused = run_blobmount({"cache", "verify", directory()});
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.error_output, HasSubstr("name its mount instead"));
  }

  EXPECT_EQ(json_of({"cache", "show", "--json", directory()}).at("/disk_cache/blobs"_json_pointer), 1);
  EXPECT_EQ(run_blobmount({"cache", "verify", directory()}).status, 0);
  damage();
  EXPECT_EQ(run_blobmount({"cache", "verify", directory()}).status, 1);
  EXPECT_EQ(run_blobmount({"cache", "verify", directory()}).status, 0) << "what was bad has been removed";
  EXPECT_EQ(run_blobmount({"cache", "clear", directory()}).status, 0);
  EXPECT_EQ(json_of({"cache", "show", "--json", directory()}).at("/disk_cache/blobs"_json_pointer), 0);
}

TEST_F(Cache, IsNothingThatIsNone) {
  const auto refused = run_blobmount({"cache", "clear", parent.path()});

  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.error_output,
              HasSubstr("neither in a mount of blobmount nor one of its cache directories"));
  EXPECT_EQ(run_blobmount({"cache", "burn"}).status, 2);
}

TEST_F(Cache, OfAMountWithoutADiskCannotBeVerified) {
  const Mounted mounted(account().mount("test").with("--passthrough", "off"));
  ASSERT_EQ(content_of(mounted / "text.txt"), "hello\n");
  const auto refused = run_blobmount({"cache", "verify", mounted.path()});

  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.error_output, HasSubstr("keeps nothing on disk"));
  EXPECT_EQ(run_blobmount({"cache", "clear", mounted.path()}).status, 0);
}

}  // namespace
}  // namespace blobmount::tests
