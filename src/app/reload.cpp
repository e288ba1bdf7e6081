#include "app/reload.hpp"

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <utility>

#include <nlohmann/json.hpp>

#include "app/configuration_file.hpp"
#include "app/display.hpp"
#include "app/json_members.hpp"
#include "app/mount_client.hpp"
#include "app/mount_table.hpp"
#include "app/setting_arguments.hpp"
#include "base/text.hpp"

namespace blobmount {
namespace {

using nlohmann::json;

Result<std::string> mount_point_of(const ReloadCommand& command) {
  if (!command.path.empty()) return command.path;
  if (command.configuration.empty())
    return Error{ErrorCode::invalid_argument, "reload needs a path in a mount, or --config FILE"};
  const auto file = std::filesystem::absolute(command.configuration).string();
  BM_ASSIGN(values, read_configuration_file(file));
  const auto found = values.find("mount-point");
  if (found != values.end()) return found->second.text;
  return Error{ErrorCode::invalid_argument, file + " has no \"mount-point\": name a path in the mount"};
}

Result<json> ask(const ReloadCommand& command) {
  BM_ASSIGN(path, mount_point_of(command));
  BM_ASSIGN(place, find_mounted_place(read_mount_table(), path));
  return ask_mount(place.mount, {{"command", "reload"}});
}

/// Empty: the file does not say.
std::string text_in_file(const GivenLayers& layers, const std::string& name) {
  const auto found = layers.file.find(name);
  return found != layers.file.end() ? found->second.text : "";
}

bool is_given_elsewhere(const GivenLayers& layers, const std::string& name) {
  return layers.command_line.contains(name) || layers.environment.contains(name);
}

std::vector<std::string> hidden_changes(const GivenLayers& before, const GivenLayers& now) {
  std::vector<std::string> hidden;
  for (const auto& setting : settings()) {
    if (!is_given_elsewhere(now, setting.name)) continue;
    if (text_in_file(before, setting.name) != text_in_file(now, setting.name)) hidden.push_back(setting.name);
  }
  return hidden;
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
  print_names("hidden", "of no effect, for a flag or a variable says it, too");
  if (!something) std::cout << "nothing has changed\n";
}

}  // namespace

Reloader::Reloader(MountCommand command, std::function<void(const Config&)> apply)
    : given_(std::move(command.given)),
      environment_(std::move(command.environment)),
      apply_(std::move(apply)),
      in_force_(values_of(command.config, given_.merged())) {}

Reloader::Values Reloader::values_of(const Config& config, const GivenValues& given) const {
  Values values;
  for (auto& effective : effective_settings(config, given, environment_))
    values[effective.setting->name] = std::move(effective.value);
  return values;
}

Result<Reloader::Outcome> Reloader::reload() {
  if (given_.file_name.empty()) {
    return Error{ErrorCode::invalid_argument,
                 "this mount has no configuration file: what changes is given when it is mounted anew"};
  }
  auto layers = given_;
  BM_TRY(read_file_of(layers));
  const auto given = layers.merged();
  BM_ASSIGN(config, make_config(given, environment_));
  Outcome outcome{.hidden = hidden_changes(given_, layers)};
  given_ = std::move(layers);
  for (auto& [name, value] : values_of(config, given)) {
    if (value == in_force_[name]) continue;
    const bool can_change = find_setting(name)->changes_while_mounted;
    (can_change ? outcome.changed : outcome.need_remount).push_back(name);
    if (can_change) in_force_[name] = value;
  }
  if (!outcome.changed.empty()) apply_(config);
  return outcome;
}

ControlServer::Handlers commands_for(Reloader& reloader) {
  return {{"reload", [&reloader](const json&) -> Result<json> {
             BM_ASSIGN(outcome, reloader.reload());
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
