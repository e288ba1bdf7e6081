#include "app/configuration.hpp"

#include <utility>

#include <unistd.h>

#include "app/credential_choice.hpp"
#include "app/mount_source.hpp"
#include "auth/clouds.hpp"

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

Status set_place(Config& config, const GivenValues& given) {
  const auto options = credential_options(given);
  const auto text = text_of(given, "source");
  if (text.empty()) {
    BM_ASSIGN(cloud, choose_cloud(options, ""));
    config.cloud = std::move(cloud);
    return {};
  }
  BM_ASSIGN(written, parse_mount_source(text));
  BM_ASSIGN(cloud, choose_cloud(options, written.endpoint.host));
  BM_ASSIGN(source, parse_mount_source(text, cloud.endpoint_suffix));
  config.cloud = std::move(cloud);
  config.source = std::move(source);
  return {};
}

/// Its name says nothing of the account.
bool is_custom_domain(const Url& endpoint, const Cloud& cloud) {
  return endpoint.path == "/" && cloud_of_host(endpoint.host) == nullptr &&
         !endpoint.host.ends_with("." + cloud.endpoint_suffix);
}

/// The credential may know the account, too.
Status agree(Config& config, const ChosenCredential& chosen, bool is_url) {
  auto& source = config.source;
  if (chosen.account.empty() || source.account.empty()) return {};
  if (is_url && is_custom_domain(source.endpoint, config.cloud)) source.account = chosen.account;
  if (chosen.account != source.account) {
    return Error{ErrorCode::invalid_argument, chosen.account_origin + " is for the account '" +
                                                  chosen.account + "', not for '" + source.account + "'"};
  }
  if (!is_url && !chosen.endpoint.host.empty()) source.endpoint = chosen.endpoint;
  return {};
}

/// The place is known.
Status set_credential(Config& config, const GivenValues& given, const CredentialEnvironment& environment) {
  const auto options = credential_options(given);
  BM_ASSIGN(chosen, choose_credential(options, environment));
  BM_TRY(agree(config, chosen, text_of(given, "source").find("://") != std::string::npos));
  BM_TRY(take_authority(config.cloud, chosen.credential, options, environment));
  config.credential = std::move(chosen.credential);
  config.credential_origin = std::move(chosen.origin);
  config.credential_tried = std::move(chosen.tried);
  config.warnings = std::move(chosen.warnings);
  return {};
}

Status check_containers(const Config& config, const GivenValues& given) {
  if (config.tree.containers.empty() || config.source.container.empty()) return {};
  return Error{ErrorCode::invalid_argument, given.find("containers")->second.origin +
                                                " chooses among the containers of an account, but '" +
                                                text_of(given, "source") +
                                                "' names one of them: leave out one of the two"};
}

/// What nobody would find where it was asked for is refused.
Status check_log(const LogConfig& log, const GivenValues& given) {
  const auto origin = [&given](std::string_view name) { return given.find(name)->second.origin; };
  if (log.target == LogTarget::file && log.file.empty()) {
    return Error{
        ErrorCode::invalid_argument,
        origin("log-to") + " says file, and no log-file is named: name it; without log-to it is used, too"};
  }
  const bool uses_file = log.target == LogTarget::file || log.target == LogTarget::automatic;
  if (uses_file || log.file.empty()) return {};
  return Error{ErrorCode::invalid_argument, origin("log-file") + " names a file, but by " + origin("log-to") +
                                                " events go elsewhere: leave out one of the two"};
}

}  // namespace

Result<Config> make_config(const GivenValues& given, const CredentialEnvironment& environment) {
  BM_ASSIGN(report, report_config(given, environment));
  BM_TRY(std::move(report.credential));
  return std::move(report.config);
}

Result<ConfigReport> report_config(const GivenValues& given, const CredentialEnvironment& environment) {
  Config config;
  config.appearance.uid = ::getuid();
  config.appearance.gid = ::getgid();
  for (const auto& [name, value] : given) {
    const auto* const setting = find_setting(name);
    if (setting == nullptr || !setting->set) continue;
    if (auto status = setting->set(config, value.text); !status)
      return std::move(status).error().within(value.origin);
  }
  config.identity_environment = environment.identity();
  BM_TRY(set_place(config, given));
  BM_TRY(check_containers(config, given));
  BM_TRY(check_log(config.log, given));
  auto credential = set_credential(config, given, environment);
  return ConfigReport{std::move(config), std::move(credential)};
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
