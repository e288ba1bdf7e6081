#include "app/reload.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <utility>

#include <nlohmann/json.hpp>

#include "app/configuration_file.hpp"
#include "app/display.hpp"
#include "app/json_members.hpp"
#include "app/mount_client.hpp"
#include "app/mount_health.hpp"
#include "app/setting_arguments.hpp"
#include "base/text.hpp"

namespace blobmount {
namespace {

using nlohmann::json;

/// Empty: the command does not say.
Result<std::string> place_of(const ReloadCommand& command) {
  if (!command.path.empty() || command.configuration.empty()) return command.path;
  const auto file = std::filesystem::absolute(command.configuration).string();
  BM_ASSIGN(values, read_configuration_file(file));
  const auto found = values.find("mount-point");
  if (found != values.end()) return found->second.text;
  return Error{ErrorCode::invalid_argument, file + " has no \"mount-point\": name a path in the mount"};
}

Result<json> ask(const ReloadCommand& command) {
  BM_ASSIGN(path, place_of(command));
  BM_ASSIGN(mount, choose_mount(path));
  return ask_mount(mount, {{"command", "reload"}, {"settings", command.wanted}});
}

/// Empty: the file does not say.
std::string text_in_file(const GivenLayers& layers, const std::string& name) {
  const auto found = layers.file.find(name);
  return found != layers.file.end() ? found->second.text : "";
}

bool is_given_elsewhere(const GivenLayers& layers, const std::string& name) {
  return layers.command_line.contains(name) || layers.environment.contains(name);
}

/// But for what is `wanted` just now.
std::vector<std::string> hidden_changes(const GivenLayers& before, const GivenLayers& now,
                                        const std::map<std::string, std::string>& wanted) {
  std::vector<std::string> hidden;
  for (const auto& setting : settings()) {
    if (wanted.contains(setting.name) || !is_given_elsewhere(now, setting.name)) continue;
    if (text_in_file(before, setting.name) != text_in_file(now, setting.name)) hidden.push_back(setting.name);
  }
  return hidden;
}

bool identity_differs(const std::map<std::string, std::string>& some,
                      const std::map<std::string, std::string>& others) {
  return std::ranges::any_of(settings(), [&](const Setting& setting) {
    return setting.group == SettingGroup::identity && some.at(setting.name) != others.at(setting.name);
  });
}

Status give_instead(GivenValues& given, const std::map<std::string, std::string>& wanted) {
  for (const auto& [name, text] : wanted) {
    const auto* const setting = find_setting(name);
    if (setting == nullptr) return no_such_setting(name);
    if (!setting->changes_while_mounted)
      return Error{ErrorCode::invalid_argument, "'" + name + "' cannot change while it is mounted"};
    given.erase(name);
    BM_TRY(give(given, *setting, text, "reload --" + name));
  }
  return {};
}

/// Empty where there are none. An Error where they are no texts.
Result<std::map<std::string, std::string>> settings_in(const json& request) {
  std::map<std::string, std::string> wanted;
  for (const auto& [name, text] : member_of(request, "settings").items()) {
    if (!text.is_string()) return Error{ErrorCode::invalid_argument, "'" + name + "' has to be a text"};
    wanted[name] = text.get<std::string>();
  }
  return wanted;
}

/// Whoever reloads by systemctl(1) finds it there.
void note(const Reloader::Outcome& outcome, Log& log) {
  if (!outcome.changed.empty())
    log.info("settings have changed", {{"settings", joined(outcome.changed, ", ")}});
  if (!outcome.need_remount.empty())
    log.warning("settings need a new mount to change", {{"settings", joined(outcome.need_remount, ", ")}});
}

json json_of(const Reloader::Outcome& outcome) {
  return {{"changed", outcome.changed}, {"need_remount", outcome.need_remount}, {"hidden", outcome.hidden}};
}

void print(const json& answer) {
  bool something = false;
  const auto print_names = [&](const char* member, const char* what) {
    const auto names = joined(texts_in(answer, member), ", ");
    if (names.empty()) return;
    std::cout << what << ": " << printable(names) << "\n";
    something = true;
  };
  print_names("changed", "in force now");
  print_names("need_remount", "not in force before it is mounted anew");
  print_names("hidden", "of no effect, for a flag, a variable or an earlier reload says it, too");
  if (!something) std::cout << "nothing has changed\n";
}

}  // namespace

Reloader::Reloader(MountCommand command, std::function<void(const Config&)> apply, Log& log)
    : given_(std::move(command.given)),
      environment_(std::move(command.environment)),
      apply_(std::move(apply)),
      log_(log),
      level_(command.config.log.lowest),
      in_force_(values_of(command.config, given_.merged())) {}

Reloader::Values Reloader::values_of(const Config& config, const GivenValues& given) const {
  Values values;
  for (auto& effective : effective_settings(config, given, environment_))
    values[effective.setting->name] = std::move(effective.value);
  return values;
}

Result<Reloader::Outcome> Reloader::reload(const std::map<std::string, std::string>& wanted) {
  if (given_.file_name.empty() && wanted.empty()) {
    return Error{ErrorCode::invalid_argument,
                 "this mount has no configuration file: name what is to change, such as --log-level debug"};
  }
  auto layers = given_;
  BM_TRY(read_file_of(layers));
  BM_TRY(give_instead(layers.command_line, wanted));
  const auto given = layers.merged();
  // the credential does not change: a file that it was made of may be gone, and the mount serves on
  BM_ASSIGN(report, report_config(given, environment_));
  const auto& config = report.config;
  const auto values = values_of(config, given);
  if (!report.credential && identity_differs(values, in_force_)) return std::move(report.credential).error();
  Outcome outcome{.hidden = hidden_changes(given_, layers, wanted)};
  given_ = std::move(layers);
  for (const auto& [name, value] : values) {
    if (value == in_force_[name]) continue;
    const bool can_change = find_setting(name)->changes_while_mounted;
    (can_change ? outcome.changed : outcome.need_remount).push_back(name);
    if (can_change) in_force_[name] = value;
  }
  // at the lower of the two levels
  const bool less_from_now_on = config.log.lowest > level_;
  if (less_from_now_on) note(outcome, log_);
  if (!outcome.changed.empty()) apply_(config);
  if (!less_from_now_on) note(outcome, log_);
  level_ = config.log.lowest;
  return outcome;
}

ControlServer::Handlers commands_for(Reloader& reloader) {
  return {{"reload", [&reloader](const json& request) -> Result<json> {
             BM_ASSIGN(wanted, settings_in(request));
             BM_ASSIGN(outcome, reloader.reload(wanted));
             return json_of(outcome);
           }}};
}

int reload(const ReloadCommand& command) {
  const auto answer = ask(command);
  if (!answer) {
    std::cerr << "blobmount: cannot reload: " << printable(answer.error().message) << std::endl;
    return EXIT_FAILURE;
  }
  if (command.json) {
    json shown;
    for (const auto* const member : {"changed", "need_remount", "hidden"})
      shown[member] = answer->value(member, json::array());
    std::cout << shown.dump() << "\n";
  } else {
    print(*answer);
  }
  return EXIT_SUCCESS;
}

}  // namespace blobmount
