/// Both ends of the control socket, in one process.

#include <cerrno>
#include <filesystem>
#include <future>
#include <memory>
#include <new>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "app/control_client.hpp"
#include "app/control_server.hpp"
#include "app/control_socket.hpp"
#include "app/mount_control.hpp"
#include "fakes/recording_log.hpp"
#include "support/eventually.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto name = "0:52.sock";

SteadyTime soon() { return std::chrono::steady_clock::now() + 20s; }

/// A client that says what it likes.
class Client {
 public:
  explicit Client(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto address = socket_address(path);
    EXPECT_TRUE(address);
    EXPECT_EQ(::connect(socket_.number(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address), 0);
  }
  void say(const std::string& bytes) const {
    EXPECT_EQ(::send(socket_.number(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  /// The server gets no more.
  void fall_silent() const { ::shutdown(socket_.number(), SHUT_WR); }
  /// The answer; null where the server went away without one.
  [[nodiscard]] json answer() const {
    const auto line = receive_line(socket_.number(), soon());
    return line ? json::parse(*line) : json();
  }

 private:
  const Descriptor socket_;
};

class Control : public testing::Test {
 protected:
  [[nodiscard]] std::string directory() const { return directory_.path(); }
  [[nodiscard]] std::string path() const { return directory() + "/" + name; }

  [[nodiscard]] Result<std::unique_ptr<ControlServer>> listen(Duration patience = 20s) {
    return ControlServer::listen({directory()}, name, handlers_, log_, patience);
  }
  [[nodiscard]] std::unique_ptr<ControlServer> served(Duration patience = 20s) {
    auto server = listen(patience);
    EXPECT_TRUE(server) << (server ? "" : server.error().message);
    return server ? *std::move(server) : nullptr;
  }
  [[nodiscard]] Result<json> ask(const json& request) const {
    return ask_daemon(path(), ::geteuid(), request, 20s);
  }
  /// What the server answers to these bytes.
  [[nodiscard]] json answer_to(const std::string& bytes) const {
    const Client client(path());
    client.say(bytes);
    return client.answer();
  }
  static void expect_refused(const json& answer, const char* reason) {
    ASSERT_TRUE(answer.is_object()) << reason;
    EXPECT_EQ(answer.value("ok", true), false);
    EXPECT_THAT(answer.value("error", ""), HasSubstr(reason));
  }

  tests::RecordingLog log_;

  /// Who answers "later".
  std::promise<Completion<json>> later_;

 private:
  const tests::TemporaryDirectory directory_;
  const ControlServer::Handlers handlers_{
      {"echo",
       [](const json& request) -> Result<json> {
         return json{{"said", request.value("text", "")}};
       }},
      {"fail",
       [](const json&) -> Result<json> {
         return Error{ErrorCode::not_found, "there is none"};
       }},
      {"throw", [](const json& request) -> Result<json> { return request.at("absent"); }},
      {"later",
       [this](const json& request, const Completion<json>& done) {
         if (request.value("text", "") == "throw") throw std::bad_alloc();
         later_.set_value(done);
       }},
      {"flood",
       [](const json&) -> Result<json> {
         return json{{"text", std::string(longest_answer, 'x')}};
       }},
      {"bytes", [](const json&) -> Result<json> {
         return json{{"text", "\xff"}};
       }}};
};

TEST_F(Control, AnAnswerIsTheHandlers) {
  const auto server = served();

  for (const auto* text : {"one", "two\nlines", ""}) {
    const auto answer = ask({{"command", "echo"}, {"text", text}});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->value("said", "?"), text);
    EXPECT_EQ(answer->value("ok", false), true);
  }
}

TEST_F(Control, ARefusalIsTheHandlersSentence) {
  const auto server = served();

  const auto answer = ask({{"command", "fail"}});

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message, "there is none");
}

TEST_F(Control, WhatIsNoRequestGetsASentence) {
  const auto server = served();

  expect_refused(answer_to("\n"), "not a JSON object");
  expect_refused(answer_to("hello\n"), "not a JSON object");
  expect_refused(answer_to("[]\n"), "not a JSON object");
  expect_refused(answer_to("{\"command\":\n"), "not a JSON object");
  expect_refused(answer_to("{\"command\":\"\xff\"}\n"), "not a JSON object");
  expect_refused(answer_to(std::string(60'000, '[') + "\n"), "not a JSON object");
  expect_refused(answer_to("{}\n"), "names no \"command\"");
  expect_refused(answer_to("{\"command\":7}\n"), "names no \"command\"");
  expect_refused(answer_to("{\"command\":\"dance\"}\n"), "knows no command 'dance'");
  EXPECT_TRUE(ask({{"command", "echo"}})) << "and the next one is served";
}

TEST_F(Control, AHandlerThatThrowsIsAnAnswerToo) {
  const auto server = served();

  expect_refused(answer_to("{\"command\":\"throw\"}\n"), "throw: ");
  EXPECT_TRUE(ask({{"command", "echo"}}));
}

TEST_F(Control, WhatTakesLongHoldsNobodyUp) {
  const auto server = served();
  auto slow = std::async(std::launch::async, [this] { return ask({{"command", "later"}}); });
  const auto done = later_.get_future().get();

  EXPECT_TRUE(ask({{"command", "echo"}}));
  done(json{{"said", "at last"}});

  const auto answer = slow.get();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->value("said", ""), "at last");
}

TEST_F(Control, WhatTakesLongMayEndAfterTheServerAndItsClient) {
  auto server = served();
  auto slow = std::make_unique<Client>(path());
  slow->say("{\"command\":\"later\"}\n");
  const auto done = later_.get_future().get();
  server.reset();
  done(json::object());
  EXPECT_EQ(slow->answer().value("ok", false), true);
  slow.reset();

  done(Error{ErrorCode::cancelled, "nobody hears it"});
}

TEST_F(Control, WhatTakesLongAndThrowsIsAnAnswerToo) {
  const auto server = served();

  expect_refused(answer_to("{\"command\":\"later\",\"text\":\"throw\"}\n"), "later: ");
}

TEST_F(Control, AnAnswerIsTakenOnlyAsDeepAsThereIsAnythingToSay) {
  const Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = socket_address(path());
  ASSERT_EQ(::bind(listener.number(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address), 0);
  ASSERT_EQ(::listen(listener.number(), 1), 0);
  const auto daemon = std::async(std::launch::async, [&listener] {
    constexpr std::size_t deep = 400'000;
    const Descriptor client(::accept(listener.number(), nullptr, nullptr));
    const auto answer = "{\"ok\":true,\"said\":" + std::string(deep, '[') + std::string(deep, ']') + "}";
    EXPECT_TRUE(receive_line(client.number(), soon()));
    EXPECT_TRUE(send_line(client.number(), answer, soon(), -1, longest_answer));
  });

  const auto answer = ask({{"command", "echo"}});

  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_LT(answer->dump().size(), 100U);
}

TEST_F(Control, ALineHas64KiBAtMost) {
  const auto server = served();
  const auto framing = json{{"command", "echo"}, {"text", ""}}.dump().size() + 1;

  const auto longest = ask({{"command", "echo"}, {"text", std::string(longest_line - framing, 'x')}});
  const auto longer = ask({{"command", "echo"}, {"text", std::string(longest_line - framing + 1, 'x')}});

  EXPECT_TRUE(longest) << longest.error().message;
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().code, ErrorCode::too_large);
  expect_refused(answer_to(std::string(longest_line, 'x')), "longer than 64 KiB");
  expect_refused(answer_to("{\"command\":\"flood\"}\n"), "the answer is longer than 1 MiB");
}

TEST_F(Control, AnAnswerIsUtf8WhateverItsBytes) {
  const auto server = served();

  EXPECT_EQ(ask({{"command", "bytes"}})->value("text", ""), "\xef\xbf\xbd");
}

TEST_F(Control, ARequestThatIsNotUtf8IsNotSent) {
  const auto answer = ask({{"command", "echo"}, {"text", "\xff"}});

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(answer.error().message, HasSubstr("not UTF-8"));
}

TEST_F(Control, AClientThatSaysNothingIsDropped) {
  const auto server = served(1s);
  const Client slow(path());
  slow.say("{\"command\":");
  const Client silent(path());

  EXPECT_EQ(slow.answer(), json());
  EXPECT_EQ(silent.answer(), json());
  EXPECT_TRUE(tests::eventually(20s, [&] { return ask({{"command", "echo"}}).has_value(); }));
}

TEST_F(Control, AClientThatGoesAwayIsForgotten) {
  const auto server = served();
  {
    const Client gone(path());
    gone.say("{\"comm");
  }
  {
    const Client impatient(path());
    impatient.say("{\"command\":\"echo\"}\n");
  }
  const Client half(path());
  half.fall_silent();

  EXPECT_EQ(half.answer(), json());
  EXPECT_TRUE(ask({{"command", "echo"}}));
}

TEST_F(Control, ClientsWaitForEachOther) {
  const auto server = served();
  std::vector<std::future<bool>> answers;
  for (int i = 0; i < 8; ++i) {
    answers.push_back(std::async(std::launch::async, [this, i] {
      const auto answer = ask({{"command", "echo"}, {"text", std::to_string(i)}});
      return answer && answer->value("said", "") == std::to_string(i);
    }));
  }
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
}

TEST_F(Control, TheEndDoesNotWaitForAClient) {
  auto server = served(1h);
  const Client silent(path());
  std::this_thread::sleep_for(50ms);

  server.reset();

  EXPECT_EQ(silent.answer(), json());
}

TEST_F(Control, TheSocketIsForItsUserAndGoesAtTheEnd) {
  auto server = served();
  struct stat status {};
  ASSERT_EQ(::lstat(path().c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_EQ(server->path(), path());

  server.reset();

  EXPECT_FALSE(std::filesystem::exists(std::filesystem::symlink_status(path())));
  EXPECT_TRUE(log_.lines_for_operators().empty());
}

TEST_F(Control, ASocketThatWasLeftIsReplaced) {
  const Descriptor dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = socket_address(path());
  ASSERT_EQ(::bind(dead.number(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address), 0);
  EXPECT_EQ(ask({{"command", "echo"}}).error().code, ErrorCode::unreachable);

  const auto server = served();

  EXPECT_TRUE(ask({{"command", "echo"}}));
}

TEST_F(Control, TheSocketOfAMountThatCameLaterStays) {
  auto ending = served();
  const auto next = served();

  ending.reset();

  EXPECT_TRUE(ask({{"command", "echo"}}));
}

TEST_F(Control, ADaemonThatIsNotThereIsUnreachable) {
  EXPECT_EQ(ask({{"command", "echo"}}).error().code, ErrorCode::unreachable);
}

TEST_F(Control, ADaemonThatHangsIsWaitedForNoLongerThanPatience) {
  const Descriptor hanging(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = socket_address(path());
  ASSERT_EQ(::bind(hanging.number(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address), 0);
  ASSERT_EQ(::listen(hanging.number(), 1), 0);

  const auto answer = ask_daemon(path(), ::geteuid(), {{"command", "echo"}}, 50ms);

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::timed_out);
}

TEST_F(Control, ADaemonOfAnotherUserIsNotBelieved) {
  constexpr uid_t other = 65534;
  const Descriptor daemon(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = socket_address(path());
  ASSERT_EQ(::bind(daemon.number(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address), 0);
  // root is believed; of this thread alone, whose user is the socket's while it begins to listen
  const auto user = ::geteuid();
  const bool root = user == 0;
  const auto become = [root](uid_t whom) { return root ? ::syscall(SYS_setresuid, -1, whom, -1) : 0; };
  ASSERT_EQ(become(other), 0);
  EXPECT_EQ(::listen(daemon.number(), 1), 0);
  ASSERT_EQ(become(user), 0);

  const auto owner = root ? other + 1 : user + 1;
  EXPECT_EQ(ask_daemon(path(), owner, {{"command", "echo"}}).error().code, ErrorCode::untrusted);
}

TEST_F(Control, ADirectoryIsMadeForTheUserAlone) {
  const auto made = directory() + "/made";

  const auto server = ControlServer::listen({directory() + "/not/there", made}, name, {}, log_);

  ASSERT_TRUE(server) << server.error().message;
  struct stat status {};
  ASSERT_EQ(::lstat(made.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0700U);
  EXPECT_EQ((*server)->path(), made + "/" + name);
}

TEST_F(Control, ADirectoryThatOthersCanEnterIsNotUsed) {
  const auto open = directory() + "/open", link = directory() + "/link", file = directory() + "/file";
  std::filesystem::create_directory(open);
  ASSERT_EQ(::chmod(open.c_str(), 0755), 0);
  std::filesystem::create_symlink(directory(), link);
  ASSERT_EQ(::mknod(file.c_str(), S_IFREG | 0700, 0), 0);

  for (const auto& wrong : {open, link, file}) {
    const auto server = ControlServer::listen({wrong}, name, {}, log_);
    ASSERT_FALSE(server) << wrong;
    EXPECT_THAT(server.error().message, HasSubstr("'" + wrong + "' is not a directory of this user"));
  }
}

TEST_F(Control, APathThatIsTooLongForASocketIsAnError) {
  const auto server = ControlServer::listen({directory()}, std::string(100, 'x'), {}, log_);

  ASSERT_FALSE(server);
  EXPECT_THAT(server.error().message, HasSubstr("too long for a socket"));
}

TEST(ControlDirectories, AreThoseOfTheUser) {
  EXPECT_THAT(control_directories(0, "/run/user/0"), ElementsAre("/run/blobmount"));
  EXPECT_THAT(control_directories(1000, ""), ElementsAre("/run/user/1000/blobmount", "/tmp/blobmount-1000"));
  EXPECT_THAT(control_directories(1000, "/run/user/1000"),
              ElementsAre("/run/user/1000/blobmount", "/tmp/blobmount-1000"));
  EXPECT_THAT(control_directories(1000, "/x"),
              ElementsAre("/x/blobmount", "/run/user/1000/blobmount", "/tmp/blobmount-1000"));
  EXPECT_THAT(control_directories(1000, "relative"),
              ElementsAre("/run/user/1000/blobmount", "/tmp/blobmount-1000"));
}

/// Only remembers what is to be refreshed.
class RememberingFiles final : public FileSystem {
 public:
  void look_up(InodeId, const std::string&, Completion<Lookup>) override {}
  void forget(InodeId, std::uint64_t) override {}
  Result<Attributes> attributes(InodeId) override { return Attributes{}; }
  [[nodiscard]] std::string path_of(InodeId) const override { return {}; }
  void open(InodeId, Completion<std::shared_ptr<OpenFile>>) override {}
  void open_directory(InodeId, Completion<std::shared_ptr<OpenDirectory>>) override {}
  void extended_attributes(InodeId, const std::string&, Completion<std::vector<ExtendedAttribute>>) override {
  }
  void serve(KernelCache*) override {}
  void refresh(const std::string& path, std::function<void()> done) override {
    refreshed.push_back(path);
    done();
  }

  std::vector<std::string> refreshed;
};

/// What the command `refresh` answers.
Result<json> refresh(FileSystem& files, const json& request) {
  auto outcome = Result<json>(Error{ErrorCode::internal, "no answer"});
  std::get<ControlServer::SlowHandler>(commands_for(files).at("refresh"))(
      request, [&outcome](Result<json> answer) { outcome = std::move(answer); });
  return outcome;
}

TEST(RefreshCommands, ReachTheFileSystem) {
  RememberingFiles files;

  for (const auto* path : {"", "a", "a/b c/d.txt"})
    EXPECT_TRUE(refresh(files, {{"command", "refresh"}, {"path", path}}));

  EXPECT_THAT(files.refreshed, ElementsAre("", "a", "a/b c/d.txt"));
}

TEST(RefreshCommands, WithoutAPathAreRefused) {
  RememberingFiles files;

  for (const json& path : {json("/"), json("/a"), json("a/"), json("a//b"), json("../a"), json("a/./b"),
                           json(7), json(nullptr), json(json::array())}) {
    const auto answer = refresh(files, json{{"command", "refresh"}, {"path", path}});
    ASSERT_FALSE(answer) << path;
    EXPECT_THAT(answer.error().message, HasSubstr("refresh needs a \"path\""));
  }
  EXPECT_FALSE(refresh(files, json{{"command", "refresh"}}));
  EXPECT_TRUE(files.refreshed.empty());
}

TEST(MountControl, OfWhatIsNotMountedIsAWarning) {
  RememberingFiles files;
  tests::RecordingLog log;

  EXPECT_EQ(serve_control("/no/such/mount", commands_for(files), log), nullptr);

  ASSERT_EQ(log.lines().size(), 1U);
  EXPECT_THAT(log.lines()[0], HasSubstr("warning no control socket"));
}

}  // namespace
}  // namespace blobmount
