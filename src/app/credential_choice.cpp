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

/// Anything else may be a secret that somebody typed.
bool is_word(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
}

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
  return wrong("--auth takes one of " + names + (is_word(name) ? ", not '" + name + "'" : ""));
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

Status set_authority(Cloud& cloud, const std::string& text, const char* origin) {
  auto url = parse_url(text);
  if (!url) return std::move(url).error().within(origin);
  if (!keeps_secrets(*url)) return wrong(std::string(origin) + " is '" + text + "', and must be https");
  cloud.authority = *std::move(url);
  return {};
}

bool is_of_application(const Credential& credential) {
  return std::visit(
      [](const auto& kind) {
        return requires { kind.application; };
      },
      credential);
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

Result<Cloud> choose_cloud(const CredentialOptions& options, const std::string& host) {
  const auto text = [&options](const char* option) {
    const auto found = options.find(option);
    return found != options.end() ? found->second : std::string();
  };
  const auto name = text("--cloud");
  // a suffix says the same as the host of an account in its cloud
  const auto suffix = text("--endpoint-suffix");
  const Cloud* known = !name.empty()     ? cloud_named(name)
                       : !suffix.empty() ? cloud_of_host("account." + suffix)
                                         : cloud_of_host(host);
  if (known == nullptr && !name.empty())
    return wrong("--cloud takes public, usgovernment or china, not '" + name + "'");
  auto cloud = known != nullptr ? *known : Cloud{};
  if (!suffix.empty()) cloud.endpoint_suffix = suffix;
  if (options.contains("--audience")) cloud.audience = text("--audience");
  cloud.audience = without_slashes(cloud.audience);
  if (options.contains("--authority")) BM_TRY(set_authority(cloud, text("--authority"), "--authority"));
  return cloud;
}

Status take_authority(Cloud& cloud, const Credential& credential, const CredentialOptions& options,
                      const CredentialEnvironment& environment) {
  constexpr auto variable = "AZURE_AUTHORITY_HOST";
  const auto text = environment.text(variable);
  const bool by_option = options.contains("--authority") || options.contains("--cloud");
  if (text.empty() || by_option || !is_of_application(credential)) return {};
  return set_authority(cloud, text, variable);
}

}  // namespace blobmount
