#include "auth/application_source.hpp"

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "auth/identity_proof.hpp"
#include "auth/secret_file_proof.hpp"
#include "auth/secret_proof.hpp"
#include "auth/token_file_proof.hpp"
#include "fakes/access_token.hpp"
#include "fakes/entra_error.hpp"
#include "fakes/fake_token_source.hpp"
#include "fakes/manual_clock.hpp"
#include "fakes/recording_log.hpp"
#include "fakes/scripted_transport.hpp"
#include "support/temporary_directory.hpp"

namespace blobmount {
namespace {

using namespace std::chrono_literals;
using tests::EntraError;
using tests::ManualClock;
using tests::ScriptedTransport;
using tests::TemporaryDirectory;

const std::string good_body = R"({"access_token":"eyJ0.abc.def","expires_in":3599,"token_type":"Bearer"})";
const Application application{"tenant-1", "client-1"};
const std::string secret = "se+cret~&=";

void write(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::string token_of_tenant(const std::string& tenant) {
  tests::TokenClaims claims{};
  claims.tenant = tenant;
  return tests::make_token(claims);
}

void expect_says(const Error& error, const std::string& words) {
  EXPECT_NE(error.message.find(words), std::string::npos) << error.message;
}

/// Against a script: what goes out, and what becomes of what comes back.
class ApplicationTokens : public testing::Test {
 protected:
  ApplicationSource source(
      std::unique_ptr<ClientProof> proof = std::make_unique<SecretProof>(Secret(secret))) {
    return {network_, clock_, application, cloud_, std::move(proof)};
  }
  Error refusal_after(Result<HttpResponse> answer) {
    answer_ = std::move(answer);
    auto token = source().request_token();
    EXPECT_FALSE(token);
    if (token) return {};
    EXPECT_EQ(token.error().message.find(secret), std::string::npos);
    return token.error();
  }
  Error refusal_after(const EntraError& error) {
    return refusal_after(HttpResponse{.status = error.status, .body = body_of(error)});
  }

  Cloud cloud_;
  ManualClock clock_;
  Result<HttpResponse> answer_ = HttpResponse{.status = 200, .body = good_body};
  ScriptedTransport network_{[this](const HttpRequest&) { return answer_; }};
};

TEST_F(ApplicationTokens, AreAskedForAsTheDocumentationWants) {
  const auto token = source().request_token();

  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->expires, clock_.now() + 3599s);
  const auto request = network_.requests().at(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url.to_string(), "https://login.microsoftonline.com/tenant-1/oauth2/v2.0/token");
  EXPECT_EQ(request.headers.get("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(
      request.body,
      "client_id=client-1&scope=https%3A%2F%2Fstorage.azure.com%2F.default&grant_type=client_credentials&"
      "client_secret=se%2Bcret~%26%3D");
  EXPECT_FALSE(request.direct) << "the authority is on the internet, behind the proxy if there is one";
}

TEST_F(ApplicationTokens, ANewSecretInTheFileIsGoodForTheNextOne) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "secret";
  tests::RecordingLog log;
  write(file, "first\n");
  auto applications =
      source(std::make_unique<SecretFileProof>(WatchedSecretFile::open(file.string(), clock_, log).value()));
  ASSERT_TRUE(applications.request_token());

  write(file, "second\n");
  clock_.advance(1s);
  ASSERT_TRUE(applications.request_token());
  std::filesystem::remove(file);
  clock_.advance(1s);
  ASSERT_TRUE(applications.request_token()) << "what was read serves on";

  const auto requests = network_.requests();
  EXPECT_TRUE(requests.at(0).body.ends_with("&client_secret=first"));
  EXPECT_TRUE(requests.at(1).body.ends_with("&client_secret=second"));
  EXPECT_TRUE(requests.at(2).body.ends_with("&client_secret=second"));
}

TEST_F(ApplicationTokens, AreAskedForInTheCloudThatIsConfigured) {
  cloud_.authority = *parse_url("https://login.example/adfs/");
  cloud_.audience = "https://storage.example";

  ASSERT_TRUE(source().request_token());

  const auto request = network_.requests().at(0);
  EXPECT_EQ(request.url.to_string(), "https://login.example/adfs/tenant-1/oauth2/v2.0/token");
  EXPECT_NE(request.body.find("scope=https%3A%2F%2Fstorage.example%2F.default"), std::string::npos);
}

TEST_F(ApplicationTokens, NoSecretTravelsInTheClear) {
  cloud_.authority = *parse_url("http://login.example");

  const auto error = refusal_after(answer_);

  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  expect_says(error, "must be https");
  EXPECT_TRUE(network_.requests().empty());
}

TEST_F(ApplicationTokens, ARefusalIsFinalAndSaysWhatToDo) {
  const struct {
    EntraError error;
    const char* advice;
  } table[] = {
      {{401, "invalid_client", 7000215, "Invalid client secret provided."}, "the secret's value, not its id"},
      {{401, "invalid_client", 7000222, "The provided client secret keys are expired."}, "make a new secret"},
      {{400, "invalid_request", 90002, "Tenant 'tenant-1' not found."}, "check --tenant-id"},
      {{400, "unauthorized_client", 700016, "Application was not found."}, "check --client-id"},
      {{401, "invalid_client", 700027, "The certificate is not registered."}, "must know this certificate"},
      {{401, "invalid_client", 700024, "Client assertion is not within its valid time range."},
       "machine's clock right"},
      {{400, "invalid_request", 70021, "No matching federated identity record found."},
       "federated credential"},
      {{401, "invalid_client", 700213, "No matching federated identity record found."},
       "federated credential"},
      {{400, "invalid_grant", 53003, "Access has been blocked."}, "conditional access"},
      {{400, "invalid_resource", 500011, "The resource principal was not found."}, "check --audience"},
      {{400, "invalid_request", 1, "Something else."}, ""},
  };
  for (const auto& [entra, advice] : table) {
    const auto error = refusal_after(entra);

    EXPECT_EQ(error.code, ErrorCode::unauthenticated);
    expect_says(error, "https://login.microsoftonline.com answers " + std::to_string(entra.status) +
                           " to application client-1 of tenant tenant-1 (client secret): AADSTS" +
                           std::to_string(entra.number) + ": " + entra.words);
    expect_says(error, advice);
    EXPECT_EQ(error.message.find("Trace"), std::string::npos) << error.message;
    EXPECT_EQ(error.message.find("Timestamp"), std::string::npos) << error.message;
  }
}

TEST_F(ApplicationTokens, ASecretThatTheAnswerEchoesIsNotPassedOn) {
  const auto error =
      refusal_after(EntraError{401, "invalid_client", 7000215, "Not '" + secret + "' " + secret});

  expect_says(error, "AADSTS7000215: Not '(secret)' (secret)");
}

TEST_F(ApplicationTokens, TroublesThatPassAreSaidToPass) {
  EXPECT_EQ(refusal_after(EntraError{400, "temporarily_unavailable", 90033, "A transient error."}).code,
            ErrorCode::unavailable);
  EXPECT_EQ(refusal_after(EntraError{429, "temporarily_unavailable", 90055, "Slow down."}).code,
            ErrorCode::throttled);
  EXPECT_EQ(refusal_after(HttpResponse{.status = 503, .body = "<html>"}).code, ErrorCode::unavailable);
  EXPECT_EQ(refusal_after(Error{ErrorCode::unreachable, "no such host"}).code, ErrorCode::unreachable);
}

TEST_F(ApplicationTokens, HostileAnswersAreNoTokens) {
  for (const std::string body : {"", "<html>", "{", "[]", R"({"access_token":"a\nb","expires_in":60})"}) {
    EXPECT_EQ(refusal_after(HttpResponse{.status = 200, .body = body}).code, ErrorCode::corrupt) << body;
  }
  EXPECT_EQ(refusal_after(HttpResponse{.status = 200, .body = good_body + std::string(2 << 20, ' ')}).code,
            ErrorCode::corrupt);
  const auto before = network_.requests().size();
  EXPECT_EQ(refusal_after(HttpResponse{302, {{"Location", "https://elsewhere.example/"}}, good_body}).code,
            ErrorCode::corrupt);
  EXPECT_EQ(network_.requests().size(), before + 1) << "it is not followed";
}

TEST_F(ApplicationTokens, AreOfTheTenantThatTheServiceWants) {
  auto tokens = source();

  const auto told = tokens.adapt({.tenant = "tenant-2", .resource = "https://storage.azure.com"});

  EXPECT_EQ(told,
            "the service takes tokens of tenant tenant-2, not tenant-1: these are asked for from now on");
  EXPECT_EQ(tokens.adapt({.tenant = "tenant-2"}), std::nullopt) << "it asks for them already";
  ASSERT_TRUE(tokens.request_token());
  EXPECT_EQ(network_.requests().at(0).url.path, "/tenant-2/oauth2/v2.0/token");
}

TEST_F(ApplicationTokens, AreForTheResourceThatTheServiceWants) {
  auto tokens = source();

  const auto told = tokens.adapt({.resource = "https://a.blob.core.windows.net"});

  EXPECT_EQ(told,
            "the service takes tokens for https://a.blob.core.windows.net, not "
            "https://storage.azure.com: these are asked for from now on");
  ASSERT_TRUE(tokens.request_token());
  EXPECT_NE(network_.requests().at(0).body.find("scope=https%3A%2F%2Fa.blob.core.windows.net%2F.default"),
            std::string::npos);
}

TEST_F(ApplicationTokens, ATenantConfiguredByItsDomainIsTheOneThatItsTokensName) {
  answer_ = HttpResponse{.status = 200,
                         .body = R"({"expires_in":3599,"access_token":")" + token_of_tenant("ABC-1") + "\"}"};
  auto tokens = source();
  ASSERT_TRUE(tokens.request_token());

  EXPECT_EQ(tokens.adapt({.tenant = "abc-1", .resource = "https://storage.azure.com"}), std::nullopt);
}

TEST_F(ApplicationTokens, AFederatedTokenIsReadForEachExchange) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "token";
  write(file, "first\n");
  auto proof = TokenFileProof::create(file);
  ASSERT_TRUE(proof);
  auto tokens = source(*std::move(proof));
  ASSERT_TRUE(tokens.request_token());

  write(file, "second\n");
  ASSERT_TRUE(tokens.request_token());
  std::filesystem::remove(file);
  const auto without = tokens.request_token();

  const std::string assertion =
      "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
      "&client_assertion=";
  EXPECT_TRUE(network_.requests().at(0).body.ends_with(assertion + "first"));
  EXPECT_TRUE(network_.requests().at(1).body.ends_with(assertion + "second"));
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().code, ErrorCode::unavailable) << "it may come back";
  EXPECT_EQ(network_.requests().size(), 2U);
}

TEST_F(ApplicationTokens, ATokenFileThatIsMissingIsAnErrorAtOnce) {
  const auto proof = TokenFileProof::create("/nonexistent/token");

  ASSERT_FALSE(proof);
  EXPECT_EQ(proof.error().code, ErrorCode::invalid_argument);
  expect_says(proof.error(), "'/nonexistent/token'");
}

TEST_F(ApplicationTokens, AManagedIdentitysTokenIsExchangedAndItsFailureKept) {
  auto identity = std::make_unique<tests::FakeTokenSource>(clock_, 1h);
  auto& controls = *identity;
  auto tokens = source(std::make_unique<IdentityProof>(std::move(identity)));

  ASSERT_TRUE(tokens.request_token());
  controls.fail_with(ErrorCode::throttled, "too many");
  const auto failed = tokens.request_token();

  EXPECT_TRUE(network_.requests().at(0).body.ends_with("&client_assertion=token-1"));
  EXPECT_EQ(tokens.description(), "application client-1 of tenant tenant-1 (a fake identity)");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::throttled);
}

}  // namespace
}  // namespace blobmount
