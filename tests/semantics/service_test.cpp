/// blobmount as a service: what it tells who manages it.

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/files.hpp"
#include "support/test_account.hpp"

namespace blobmount::tests {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr Duration soon = 20s;

/// A service manager's end of the socket.
class NotifySocket {
 public:
  explicit NotifySocket(std::string address) : address_(std::move(address)) {
    sockaddr_un name{.sun_family = AF_UNIX, .sun_path = {}};
    std::copy(address_.begin(), address_.end(), name.sun_path);
    const bool abstract = address_.front() == '@';
    if (abstract) name.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&name), size) != 0)
      throw std::system_error(errno, std::generic_category(), "bind " + address_);
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~NotifySocket() { ::close(socket_); }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  [[nodiscard]] const std::string& address() const { return address_; }
  /// The next message; empty: none came.
  [[nodiscard]] std::string next() const {
    std::string message(4096, '\0');
    const auto size = ::recv(socket_, message.data(), message.size(), 0);
    message.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    return message;
  }
  [[nodiscard]] bool has_message() const {
    char byte = 0;
    return ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
  }
  /// The next message that begins so; others are left out.
  [[nodiscard]] std::string next(std::string_view beginning) const {
    auto message = next();
    while (!message.empty() && !message.starts_with(beginning)) message = next();
    return message;
  }

 private:
  const std::string address_;
  const int socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

class Service : public testing::Test {
 protected:
  [[nodiscard]] MountOptions service() const {
    return account_with_hello().mount("test").with_variable("NOTIFY_SOCKET", socket.address());
  }
  static MountOptions watched(const MountOptions& options, const std::string& microseconds) {
    return options.with_variable("WATCHDOG_USEC", microseconds);
  }

  const TemporaryDirectory directory;
  const NotifySocket socket{directory.path() / "notify"};
};

TEST_F(Service, ItIsReadyWithItsMountAndSaysWhatItServes) {
  const Mounted mount(service());

  const auto message = socket.next();

  EXPECT_THAT(message, HasSubstr("READY=1\n"));
  EXPECT_THAT(message, HasSubstr("\nMAINPID=" + std::to_string(mount.process().pid()) + "\n"));
  EXPECT_THAT(message, HasSubstr("\nSTATUS=serving devstoreaccount1/test on " + mount.path().string()));
  EXPECT_EQ(content_of(mount / "text.txt"), "hello\n");
}

TEST_F(Service, ItSaysThatItStops) {
  const Mounted mount(service());
  ASSERT_THAT(socket.next(), HasSubstr("READY=1"));

  mount.process().signal(SIGTERM);

  EXPECT_THAT(socket.next(), HasSubstr("STOPPING=1"));
  EXPECT_EQ(mount.process().wait(soon), 0);
}

TEST_F(Service, OneThatCannotMountIsNeverReady) {
  auto options = service();
  options.source += "-absent";

  EXPECT_ANY_THROW(const Mounted mount(options));

  EXPECT_FALSE(socket.has_message());
}

TEST_F(Service, TheSocketMayHaveANameInsteadOfAPath) {
  const NotifySocket named("@blobmount-service-test-" + std::to_string(::getpid()));
  const Mounted mount(account_with_hello().mount("test").with_variable("NOTIFY_SOCKET", named.address()));

  EXPECT_THAT(named.next(), HasSubstr("READY=1"));
}

TEST_F(Service, TheWatchdogIsToldAgainAndAgain) {
  const Mounted mount(watched(service(), "400000"));

  for (int i = 0; i < 3; ++i) ASSERT_EQ(socket.next("WATCHDOG"), "WATCHDOG=1") << i;
}

TEST_F(Service, TheWatchdogOfAnotherProcessIsNotOurs) {
  const Mounted mount(watched(service(), "100000").with_variable("WATCHDOG_PID", "1"));
  ASSERT_THAT(socket.next(), HasSubstr("READY=1"));

  mount.process().signal(SIGTERM);

  EXPECT_THAT(socket.next(), HasSubstr("STOPPING=1")) << "and nothing before it";
}

TEST_F(Service, AWatchdogThatIsNoNumberIsRefused) {
  const auto refused = run(blobmount_command({"account/test", directory.path(), "--foreground"},
                                             watched(service(), "soon").environment));

  ASSERT_TRUE(refused);
  EXPECT_NE(refused->status, 0);
  EXPECT_THAT(refused->error_output, HasSubstr("WATCHDOG_USEC is no number above 0"));
}

TEST_F(Service, OneThatIsStartedAgainTakesAwayTheMountThatItsPredecessorLeftDead) {
  const auto mount_point = directory.path() / "mnt";
  std::filesystem::create_directory(mount_point);
  const auto command = [&] {
    const auto options = service().with("--foreground");
    return blobmount_command(mount_arguments(options, mount_point, directory.path()), options.environment);
  }();
  const auto killed = std::make_unique<Process>(command);
  ASSERT_THAT(socket.next(), HasSubstr("READY=1")) << killed->error_output();
  (void)names_in(mount_point);  // the kernel knows of it now
  killed->signal(SIGKILL);
  (void)killed->wait(soon);
  ASSERT_EQ(stat_error(mount_point / "never-seen"), ENOTCONN);

  const Process another(command);

  EXPECT_THAT(socket.next(), HasSubstr("READY=1")) << another.error_output();
  EXPECT_EQ(content_of(mount_point / "text.txt"), "hello\n");
  another.signal(SIGTERM);
  EXPECT_EQ(another.wait(soon), 0);
  detach(mount_point);
}

TEST_F(Service, WhatIsStartedDoesNotFindTheSocket) {
  const auto helpers = directory.path() / "bin";
  const auto seen = directory.path() / "seen";
  std::filesystem::create_directory(helpers);
  std::ofstream(helpers / "az") << "#!/bin/sh\nenv >" << seen.string() << "\nexit 1\n";
  std::filesystem::permissions(helpers / "az", std::filesystem::perms::owner_all);
  auto options = watched(service(), "400000").with("--auth", "azure-cli");
  options.environment["PATH"] = helpers.string() + ":/usr/bin:/bin:/usr/sbin:/sbin";

  EXPECT_ANY_THROW(const Mounted mount(options)) << "that az gives no token";

  const auto environment = content_of(seen);
  EXPECT_THAT(environment, HasSubstr("PATH=" + helpers.string()));
  EXPECT_THAT(environment, testing::Not(HasSubstr("NOTIFY_SOCKET")));
  EXPECT_THAT(environment, testing::Not(HasSubstr("WATCHDOG_")));
}

}  // namespace
}  // namespace blobmount::tests
