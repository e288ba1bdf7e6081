#include "app/setting_arguments.hpp"

#include <filesystem>
#include <utility>

#include <CLI/CLI.hpp>

#include "app/argument_error.hpp"
#include "app/configuration_file.hpp"
#include "app/environment.hpp"
#include "app/mount_options.hpp"
#include "base/text.hpp"

namespace blobmount {
namespace {

std::string help_of(const Setting& setting) {
  auto help = setting.sentence;
  if (!setting.fallback.empty() && !setting.is_switch()) help += " (default: " + setting.fallback + ")";
  if (setting.variable != nullptr) help += std::string(" [") + setting.variable + "]";
  return help;
}

std::string note_of(SettingGroup group) {
  if (group == SettingGroup::identity) {
    return "Without any of these: what the environment configures; else the machine's managed identity; else "
           "what\n'az login' has left";
  }
  return group == SettingGroup::cache ? "Sizes are bytes, or such as 512MiB and 2GiB" : "";
}

/// What stands in `mount_options` becomes a part of `layers`; flags win over it.
Status add_mount_options(GivenLayers& layers, const std::vector<std::string>& mount_options) {
  BM_ASSIGN(values, parse_mount_options(joined(mount_options, ",")));
  if (auto file = values.extract("config"); !file.empty()) layers.file_name = file.mapped().text;
  layers.command_line.merge(values);
  return {};
}

}  // namespace

void SettingArguments::declare(CLI::App& app, bool takes_mount_point) {
  for (const auto& setting : settings()) {
    if (!setting.is_positional || (setting.name != "source" && !takes_mount_point)) continue;
    app.add_option_function<std::string>(setting.value, taker_of(setting), setting.sentence)->type_name("");
  }
  app.add_option("--config", configuration_, "Take settings from this file, too: JSON with comments")
      ->type_name("FILE")
      ->check(not_empty);
  app.add_option("-o", mount_options_, "Settings as mount(8) and /etc/fstab have them")
      ->type_name("NAME[=VALUE],")
      ->allow_extra_args(false);
  std::map<SettingGroup, CLI::App*> groups;
  for (const auto& setting : settings()) {
    if (setting.is_positional) continue;
    auto*& group = groups[setting.group];
    if (group == nullptr)
      group = app.add_option_group(std::string(title_of(setting.group)), note_of(setting.group));
    declare_flag(*group, setting);
  }
  groups[SettingGroup::watching]->add_flag("--debug", debug_, "The same as --log-level debug");
}

void SettingArguments::declare_changeable(CLI::App& app) {
  auto* const group = app.add_option_group("Settings", "Instead of what the mount was given");
  for (const auto& setting : settings()) {
    if (setting.changes_while_mounted) declare_flag(*group, setting);
  }
}

std::function<void(const std::string&)> SettingArguments::taker_of(const Setting& setting) {
  return [this, name = setting.name](const std::string& text) { given_[name] = text; };
}

void SettingArguments::declare_flag(CLI::App& group, const Setting& setting) {
  const auto flag = "--" + setting.name;
  if (setting.is_switch()) {
    // "--allow-other" alone, which takes nothing of what follows, or "--allow-other=off"
    group
        .add_flag_function(
            flag, [](std::int64_t) {}, help_of(setting))
        ->each(taker_of(setting));
    return;
  }
  auto* const option = group.add_option_function<std::string>(flag, taker_of(setting), help_of(setting));
  option->type_name(setting.value);
  if (setting.is_list) option->multi_option_policy(CLI::MultiOptionPolicy::Join)->delimiter(',');
}

Result<GivenLayers> SettingArguments::layers() const {
  GivenLayers layers{.environment = values_of_environment(), .file_name = text_variable("BLOBMOUNT_CONFIG")};
  for (const auto& setting : settings()) {
    const auto origin = setting.is_positional ? setting.value : "--" + setting.name;
    const auto found = given_.find(setting.name);
    if (found == given_.end()) continue;
    BM_TRY(give(layers.command_line, setting, found->second, origin));
  }
  if (debug_) layers.command_line["log-level"] = {"debug", "--debug"};
  BM_TRY(add_mount_options(layers, mount_options_));
  if (!configuration_.empty()) layers.file_name = configuration_;
  if (!layers.file_name.empty()) layers.file_name = std::filesystem::absolute(layers.file_name);
  BM_TRY(read_file_of(layers));
  return layers;
}

Status read_file_of(GivenLayers& layers) {
  if (layers.file_name.empty()) return {};
  BM_ASSIGN(values, read_configuration_file(layers.file_name));
  layers.file = std::move(values);
  return {};
}

}  // namespace blobmount
