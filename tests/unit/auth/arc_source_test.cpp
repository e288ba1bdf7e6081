#include "auth/arc_source.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/system_clock.hpp"
#include "fakes/arc_agent.hpp"
#include "fakes/http_server.hpp"
#include "fakes/scripted_transport.hpp"
#include "http/curl_transport.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Kind = ManagedIdentity::Kind;

const std::string storage = "https://storage.azure.com/";
const tests::FakeIdentity reader{.client_id = "11111111-0000-0000-0000-00000000000a",
                                 .object_id = "22222222-0000-0000-0000-00000000000a",
                                 .resource_id = "/subscriptions/s/resourceGroups/g/providers/i/reader"};

class Arc : public testing::Test {
 protected:
  Result<AccessToken> ask(ManagedIdentity identity = {}) {
    return ArcSource(network_, clock_, std::move(identity), storage, agent_.url(), tokens_).request_token();
  }
  Error refusal_for(ManagedIdentity identity) {
    const auto token = ask(std::move(identity));
    EXPECT_FALSE(token);
    return token ? Error{} : token.error();
  }
  /// What becomes of an agent that names `path`; no key may reach it.
  Error refusal_of_file(const std::string& path) {
    agent_.name_file(path);
    auto error = refusal_for({});
    EXPECT_EQ(agent_.keys_received(), 0) << path;
    return error;
  }
  static void write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path) << text;
  }
  std::filesystem::path made(const std::string& name) {
    std::filesystem::create_directory(directory_.path() / name);
    return directory_.path() / name;
  }

  SystemClock clock_;
  CurlTransport network_{1, ""};
  tests::TemporaryDirectory directory_;
  const std::filesystem::path tokens_ = made("tokens");
  tests::ArcAgent agent_{tokens_};
};

TEST_F(Arc, GivesATokenToWhoCanReadItsKey) {
  const auto token = ask();

  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->value.reveal(), agent_.issuer().issued().back().token);
  EXPECT_EQ(agent_.keys_received(), 1);
}

TEST_F(Arc, ReadsTheKeyAnewForEachToken) {
  ASSERT_TRUE(ask());
  ASSERT_TRUE(ask());

  EXPECT_EQ(agent_.issuer().issued().size(), 2U);
}

TEST_F(Arc, ConfirmsAnIdentityByEachOfItsNames) {
  agent_.issuer().add(reader);

  for (const auto& identity : {ManagedIdentity{Kind::client_id, reader.client_id},
                               ManagedIdentity{Kind::object_id, reader.object_id},
                               ManagedIdentity{Kind::resource_id, reader.resource_id}}) {
    const auto token = ask(identity);
    ASSERT_TRUE(token) << token.error().message;
    EXPECT_EQ(agent_.issuer().issued().back().identity, reader);
  }
}

TEST_F(Arc, ATokenOfAnotherIdentityThanWasAskedForIsNotUsed) {
  agent_.issuer().add(reader);
  agent_.become_old();

  for (const auto& identity : {ManagedIdentity{Kind::client_id, reader.client_id},
                               ManagedIdentity{Kind::object_id, reader.object_id},
                               ManagedIdentity{Kind::resource_id, reader.resource_id}}) {
    const auto error = refusal_for(identity);
    EXPECT_EQ(error.code, ErrorCode::unauthenticated);
    EXPECT_THAT(error.message, AllOf(HasSubstr(identity.id), HasSubstr("update the agent")));
  }
  EXPECT_TRUE(ask()) << "the system-assigned one is all that old agents know";
}

TEST_F(Arc, AnIdentityThatIsNotAssignedIsSaidSo) {
  const auto error = refusal_for({Kind::client_id, reader.client_id});

  EXPECT_EQ(error.code, ErrorCode::unauthenticated);
  EXPECT_THAT(error.message, AllOf(HasSubstr("Identity not found"), HasSubstr("assigned to this server")));
}

TEST_F(Arc, AFileElsewhereIsNotRead) {
  const auto outside = directory_.path() / "outside.key";
  write(outside, "secret of another program");
  std::filesystem::create_directory(tokens_ / "below");
  write(tokens_ / "below" / "deep.key", "secret of another program");

  for (const auto& path :
       {std::string("/etc/shadow"), outside.string(), tokens_.string() + "/../outside.key",
        tokens_.string() + "/below/deep.key", tokens_.string() + "/below/../../outside.key",
        tokens_.string() + "x/outside.key", std::string("outside.key"), std::string(), tokens_.string(),
        tokens_.string() + "/"}) {
    const auto error = refusal_of_file(path);
    EXPECT_EQ(error.code, ErrorCode::corrupt) << path << ": " << error.message;
    EXPECT_THAT(error.message, Not(HasSubstr("secret of"))) << path;
  }
}

TEST_F(Arc, AFileWithAnotherSuffixIsNotRead) {
  write(tokens_ / "key.txt", "secret of another program");
  write(tokens_ / ".key", "secret of another program");

  EXPECT_EQ(refusal_of_file(tokens_ / "key.txt").code, ErrorCode::corrupt);
  EXPECT_EQ(refusal_of_file(tokens_ / ".key").code, ErrorCode::corrupt);
  EXPECT_EQ(refusal_of_file(tokens_ / "..").code, ErrorCode::corrupt);
}

TEST_F(Arc, ALinkIsNotFollowed) {
  const auto outside = directory_.path() / "outside.key";
  write(outside, "secret of another program");
  std::filesystem::create_symlink(outside, tokens_ / "link.key");

  const auto error = refusal_of_file(tokens_ / "link.key");

  EXPECT_EQ(error.code, ErrorCode::corrupt);
  EXPECT_THAT(error.message, HasSubstr("symbolic link"));
}

TEST_F(Arc, WhatIsNoFileIsNotRead) {
  std::filesystem::create_directory(tokens_ / "directory.key");
  ASSERT_EQ(::mkfifo((tokens_ / "pipe.key").c_str(), 0600), 0);

  EXPECT_EQ(refusal_of_file(tokens_ / "directory.key").code, ErrorCode::corrupt);
  EXPECT_EQ(refusal_of_file(tokens_ / "pipe.key").code, ErrorCode::corrupt);
}

TEST_F(Arc, AFileThatIsTooLargeForAKeyIsNotSent) {
  write(tokens_ / "large.key", std::string(4097, 'x'));
  write(tokens_ / "empty.key", "");

  EXPECT_EQ(refusal_of_file(tokens_ / "large.key").code, ErrorCode::corrupt);
  EXPECT_EQ(refusal_of_file(tokens_ / "empty.key").code, ErrorCode::corrupt);
}

TEST_F(Arc, TheLargestKeyIsRead) {
  write(tokens_ / "full.key", std::string(4096, 'x'));
  agent_.name_file(tokens_ / "full.key");

  EXPECT_EQ(refusal_for({}).code, ErrorCode::unauthenticated) << "it is not the key that the agent wants";
  EXPECT_EQ(agent_.keys_received(), 1);
}

TEST_F(Arc, AKeyThatIsNotThereIsSaidSo) {
  const auto error = refusal_of_file(tokens_ / "gone.key");

  EXPECT_EQ(error.code, ErrorCode::unauthenticated);
  EXPECT_THAT(error.message, HasSubstr("No such file"));
}

TEST_F(Arc, ANameThatSpoilsTheLogIsShownOnOneLine) {
  tests::ScriptedTransport network([](const HttpRequest&) {
    return HttpResponse{401, {{"WWW-Authenticate", "Basic realm=/etc/\x1b[2J" + std::string(5000, 'x')}}, ""};
  });

  const auto token = ArcSource(network, clock_, {}, storage, arc_agent_url(), tokens_).request_token();

  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().message.find('\x1b'), std::string::npos);
  EXPECT_LT(token.error().message.size(), 500U);
}

TEST_F(Arc, AnAnswerThatIsNoTokenIsAnErrorAndNotFollowed) {
  const auto key_file = (tokens_ / "agent.key").string();
  write(key_file, "key");
  struct Answer {
    int status;
    HttpHeaders headers;
    std::string body;
  };
  const std::vector<Answer> answers{{200, {}, std::string(2U << 20U, 'x')},
                                    {200, {}, "<html>Sign in to the network</html>"},
                                    {302, {{"Location", "http://127.0.0.1:9/"}}, ""},
                                    {200, {}, R"({"access_token":"eyJ0\r\nx-ms-evil: 1","expires_in":60})"}};
  for (const auto& answer : answers) {
    const tests::HttpServer agent([&](const tests::ServedRequest& request, tests::Reply& reply) {
      const bool has_key = request.header("Authorization").has_value();
      if (!has_key) return void(reply.send(401, {{"WWW-Authenticate", "Basic realm=" + key_file}}));
      reply.send(answer.status, answer.headers, answer.body);
    });

    const auto token = ArcSource(network_, clock_, {}, storage, agent.url(), tokens_).request_token();

    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code, ErrorCode::corrupt) << token.error().message;
    EXPECT_THAT(token.error().message, AllOf(Not(HasSubstr("<html>")), Not(HasSubstr("evil"))));
  }
}

TEST_F(Arc, WhoDoesNotAskForAKeyIsNoAgent) {
  for (const auto& answer :
       {HttpResponse{200, {}, R"({"access_token":"eyJ0.abc.def","expires_in":60})"},
        HttpResponse{401, {}, ""}, HttpResponse{401, {{"WWW-Authenticate", "Negotiate"}}, ""},
        HttpResponse{401, {{"WWW-Authenticate", "Basic realm"}}, ""}}) {
    tests::ScriptedTransport network([&answer](const HttpRequest&) { return answer; });

    const auto token = ArcSource(network, clock_, {}, storage, arc_agent_url(), tokens_).request_token();

    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code, ErrorCode::corrupt);
    EXPECT_THAT(token.error().message, HasSubstr("it is no agent"));
  }
}

}  // namespace
}  // namespace blobmount
