#include "app/configuration.hpp"

#include <utility>

#include <unistd.h>

#include "app/credential_choice.hpp"
#include "app/mount_source.hpp"

namespace blobmount {
namespace {

/// Empty: not given.
std::string text_of(const GivenValues& given, std::string_view name) {
  const auto found = given.find(name);
  return found != given.end() ? found->second.text : "";
}

/// By their flags' names.
CredentialOptions credential_options(const GivenValues& given) {
  CredentialOptions options;
  for (const auto& [name, value] : given) {
    const auto* const setting = find_setting(name);
    if (setting != nullptr && setting->group == SettingGroup::identity) options["--" + name] = value.text;
  }
  return options;
}

/// A connection string says the account, too.
Status agree(MountSource& source, const std::string& text, const ChosenCredential& chosen) {
  if (chosen.account.empty()) return {};
  if (chosen.account != source.account) {
    return Error{ErrorCode::invalid_argument, "the connection string is for the account '" + chosen.account +
                                                  "', not for '" + source.account + "'"};
  }
  const bool is_url = text.find("://") != std::string::npos;
  if (!is_url) source.endpoint = chosen.endpoint;
  return {};
}

/// Who we are, and where to: the two depend on each other.
Status set_account(Config& config, const GivenValues& given, const CredentialEnvironment& environment) {
  const auto options = credential_options(given);
  const auto source_text = text_of(given, "source");
  BM_ASSIGN(chosen, choose_credential(options, environment));
  std::string host;
  if (!source_text.empty()) {
    BM_ASSIGN(source, parse_mount_source(source_text));
    host = source.endpoint.host;
  }
  BM_ASSIGN(cloud, choose_cloud(options, environment, host));
  if (!source_text.empty()) {
    BM_ASSIGN(source, parse_mount_source(source_text, cloud.endpoint_suffix));
    config.source = std::move(source);
    BM_TRY(agree(config.source, source_text, chosen));
  }
  config.credential = std::move(chosen.credential);
  config.credential_origin = std::move(chosen.origin);
  config.credential_tried = std::move(chosen.tried);
  config.warnings = std::move(chosen.warnings);
  config.identity_environment = environment.identity();
  config.cloud = std::move(cloud);
  return {};
}

Status check_containers(const Config& config, const GivenValues& given) {
  if (config.tree.containers.empty() || config.source.container.empty()) return {};
  return Error{ErrorCode::invalid_argument, given.find("containers")->second.origin +
                                                " chooses among the containers of an account, but '" +
                                                text_of(given, "source") +
                                                "' names one of them: leave out one of the two"};
}

}  // namespace

Result<Config> make_config(const GivenValues& given, const CredentialEnvironment& environment) {
  Config config;
  config.appearance.uid = ::getuid();
  config.appearance.gid = ::getgid();
  for (const auto& [name, value] : given) {
    const auto* const setting = find_setting(name);
    if (setting == nullptr || !setting->set) continue;
    if (auto status = setting->set(config, value.text); !status)
      return std::move(status).error().within(value.origin);
  }
  BM_TRY(set_account(config, given, environment));
  BM_TRY(check_containers(config, given));
  return config;
}

std::vector<EffectiveSetting> effective_settings(const Config& config, const GivenValues& given,
                                                 const CredentialEnvironment& environment) {
  std::vector<EffectiveSetting> all;
  for (const auto& setting : settings()) {
    // "a quarter of what there is" says more than a number
    EffectiveSetting effective{&setting, setting.fallback, "default"};
    if (const auto found = given.find(setting.name); found != given.end()) {
      effective.value = setting.show ? setting.show(config) : found->second.text;
      effective.origin = found->second.origin;
    } else if (setting.variable != nullptr && !environment.text(setting.variable).empty()) {
      effective.value = environment.text(setting.variable);
      effective.origin = setting.variable;
    }
    all.push_back(std::move(effective));
  }
  return all;
}

}  // namespace blobmount
