#include "app/credential_choice.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/clouds.hpp"
#include "base/text.hpp"

namespace blobmount {
namespace {

Error wrong(std::string sentence) { return {ErrorCode::invalid_argument, std::move(sentence)}; }

struct Selection {
  const CredentialMethod* method = nullptr;
  std::string origin{};
};

Result<Selection> by_name(const std::string& name) {
  const auto methods = credential_methods();
  const auto found =
      std::ranges::find_if(methods, [&name](const CredentialMethod& method) { return name == method.name; });
  if (found != methods.end()) return Selection{&*found, "--auth"};
  std::string names;
  for (const auto& method : methods) names += (names.empty() ? "" : ", ") + std::string(method.name);
  return wrong("--auth takes one of " + names + ", not '" + name + "'");
}

Result<Selection> select(const GivenSettings& given, std::vector<std::string>& tried) {
  const auto methods = credential_methods();
  if (given.has("--auth")) return by_name(given.text("--auth"));
  for (const auto& method : methods) {
    if (method.option != nullptr && given.has(method.option)) return Selection{&method, method.option};
  }
  // of itself it names an application, whose proof is in the environment
  if (!given.has("--tenant-id")) {
    for (const auto* const selector : {"--client-id", "--object-id", "--resource-id"}) {
      if (!given.has(selector)) continue;
      const auto found =
          std::ranges::find(methods, std::string_view("managed-identity"), &CredentialMethod::name);
      return Selection{&*found, selector};
    }
  }
  for (const auto& method : methods) {
    if (method.variable == nullptr) continue;
    if (given.is_set(method.variable)) return Selection{&method, method.variable};
    tried.push_back(std::string(method.name) + ": neither " + method.option + " nor " + method.variable +
                    " is given");
  }
  return Selection{&automatic_method(), "nothing else is configured"};
}

}  // namespace

Result<ChosenCredential> choose_credential(const CredentialOptions& options,
                                           const CredentialEnvironment& environment) {
  const GivenSettings given(options, environment);
  ChosenCredential chosen;
  BM_ASSIGN(selection, select(given, chosen.tried));
  const auto& method = *selection.method;
  for (const auto& [option, value] : options) {
    if (&method == &automatic_method() && !method.takes(option))
      return wrong(option + " alone names no credential: docs/identity.md shows what each needs");
    if (!method.takes(option)) {
      return wrong(option + " is not for " + method.name + ", which " + selection.origin +
                   " chose: leave out one of the two");
    }
  }
  BM_TRY(method.make(given, method.name, chosen));
  chosen.origin = std::move(selection.origin);
  return chosen;
}

Result<Cloud> choose_cloud(const CredentialOptions& options, const CredentialEnvironment& environment,
                           const std::string& host) {
  const GivenSettings given(options, environment);
  const auto name = given.text("--cloud");
  // a suffix says the same as the host of an account in its cloud
  const auto suffix = given.text("--endpoint-suffix");
  const Cloud* known = !name.empty()     ? cloud_named(name)
                       : !suffix.empty() ? cloud_of_host("account." + suffix)
                                         : cloud_of_host(host);
  if (known == nullptr && !name.empty())
    return wrong("--cloud takes public, usgovernment or china, not '" + name + "'");
  auto cloud = known != nullptr ? *known : Cloud{};
  if (!suffix.empty()) cloud.endpoint_suffix = suffix;
  if (given.has("--audience")) cloud.audience = given.text("--audience");
  cloud.audience = without_slashes(cloud.audience);
  if (const auto authority = given.text("--authority"); !authority.empty()) {
    auto url = parse_url(authority);
    if (!url) return std::move(url).error().within("the authority");
    if (!keeps_secrets(*url)) return wrong("the authority '" + authority + "' must be https");
    cloud.authority = *std::move(url);
  }
  return cloud;
}

}  // namespace blobmount
