#include "app/completions.hpp"

#include <array>
#include <cstdint>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "app/settings.hpp"
#include "base/text.hpp"

namespace blobmount {
namespace {

enum class Takes : std::uint8_t { no_setting, what_can_change, all_settings };

struct Subcommand {
  std::string_view name;
  std::string_view flags;       ///< besides those of settings
  std::string_view words = "";  ///< one of them follows
  Takes settings = Takes::no_setting;
};

constexpr std::array subcommands{
    Subcommand{"list", "--json"},
    Subcommand{"status", "--json"},
    Subcommand{"top", "--once --json"},
    Subcommand{"cache", "--json", "show clear verify"},
    Subcommand{"unmount", "--lazy --all --json"},
    Subcommand{"refresh", "--json"},
    Subcommand{"reload", "--json", "", Takes::what_can_change},
    Subcommand{"warm", "--json"},
    Subcommand{"identity", "--json", "", Takes::all_settings},
    Subcommand{"doctor", "--json", "", Takes::all_settings},
    Subcommand{"config", "--json", "show reference", Takes::all_settings},
};

std::string names_of_subcommands() {
  std::vector<std::string> names;
  for (const auto& command : subcommands) names.emplace_back(command.name);
  return joined(names, " ");
}

bool is_taken(const Setting& setting, Takes which) {
  if (setting.is_positional || which == Takes::no_setting) return false;
  return which == Takes::all_settings || setting.changes_while_mounted;
}

/// " --one --other", with those that give several.
std::string flags_of_settings(Takes which) {
  std::string flags;
  if (which != Takes::no_setting) flags += " --config";
  if (which == Takes::all_settings) flags += " -o --debug";
  for (const auto& setting : settings()) {
    if (is_taken(setting, which)) flags += " --" + setting.name;
  }
  return flags;
}

/// Between single quotes, of a shell.
std::string quoted(std::string text) { return "'" + replaced(std::move(text), "'", "'\\''") + "'"; }

std::string bash_values() {
  std::string cases;
  for (const auto& setting : settings()) {
    if (setting.is_positional || setting.is_switch()) continue;
    const auto words = "COMPREPLY=($(compgen -W \"" + joined(setting.choices, " ") + "\" -- \"$cur\"))";
    cases += "    --" + setting.name + ") " + (setting.is_path ? "_filedir" : words) + "; return ;;\n";
  }
  return cases + "    --config) _filedir; return ;;\n";
}

std::string bash_subcommands() {
  std::string cases;
  for (const auto& command : subcommands) {
    cases += "    " + std::string(command.name) + ") flags=\"--help " + std::string(command.flags) +
             flags_of_settings(command.settings) + "\" among=\"" + std::string(command.words) + "\" ;;\n";
  }
  return cases;
}

/// For _arguments, as an element of an array.
std::string zsh_entry(const Setting& setting) {
  auto sentence = setting.sentence;
  for (const auto* const special : {"\\", "[", "]", ":"})
    sentence = replaced(std::move(sentence), special, std::string("\\") + special);
  auto entry = "--" + setting.name + (setting.is_switch() ? "" : "=") + "[" + sentence + "]";
  if (!setting.is_switch()) {
    const auto choices = joined(setting.choices, " ");
    entry += ":" + setting.name + ":" +
             (setting.is_path   ? "_files"
              : choices.empty() ? " "
                                : "(" + choices + ")");
  }
  return "  " + quoted(std::move(entry)) + "\n";
}

constexpr auto zsh_configuration = "  '--config=[Take settings from this file, too]:file:_files'\n";

std::string zsh_entries(Takes which) {
  std::string entries;
  for (const auto& setting : settings()) {
    if (is_taken(setting, which)) entries += zsh_entry(setting);
  }
  return entries;
}

std::string zsh_subcommands() {
  std::string cases;
  for (const auto& command : subcommands) {
    cases += "  " + std::string(command.name) + ") _arguments -s -S --help " + std::string(command.flags);
    if (command.settings == Takes::what_can_change) cases += " $changeable";
    if (command.settings == Takes::all_settings) cases += " $settings '-o:options: '";
    cases += " '1:command:(" + names_of_subcommands() + ")'";
    if (!command.words.empty()) cases += " '2:what:(" + std::string(command.words) + ")'";
    cases += " '*:file:_files' ;;\n";
  }
  return cases;
}

/// That no subcommand was typed that takes less than `needs`.
std::string fish_condition(Takes needs) {
  std::string others;
  for (const auto& command : subcommands) {
    if (command.settings < needs) others += " " + std::string(command.name);
  }
  return " -n 'not __fish_seen_subcommand_from" + others + "'";
}

std::string fish_subcommands() {
  std::string lines;
  for (const auto& command : subcommands) {
    const auto line =
        "complete -c blobmount -n '__fish_seen_subcommand_from " + std::string(command.name) + "'";
    std::istringstream flags{std::string(command.flags)};
    for (std::string flag; flags >> flag;) lines += line + " -l " + flag.substr(2) + "\n";
    if (!command.words.empty()) lines += line + " -a " + quoted(std::string(command.words)) + "\n";
  }
  return lines;
}

}  // namespace

std::string bash_completion() {
  return "# shellcheck shell=bash disable=SC2034,SC2207\n"
         "_blobmount() {\n"
         "  local cur prev words cword flags among=\n"
         "  _init_completion || return\n"
         "  case $prev in\n" +
         bash_values() +
         "  esac\n"
         "  flags=\"--help --version --foreground" +
         flags_of_settings(Takes::all_settings) +
         "\"\n"
         "  case ${words[1]} in\n" +
         bash_subcommands() +
         "  esac\n"
         "  if [[ $cur == -* ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$flags\" -- \"$cur\"))\n"
         "  elif [[ $among ]] && ((cword == 2)); then\n"
         "    COMPREPLY=($(compgen -W \"$among\" -- \"$cur\"))\n"
         "  else\n"
         "    _filedir\n"
         "    ((cword > 1)) || COMPREPLY+=($(compgen -W \"" +
         names_of_subcommands() +
         "\" -- \"$cur\"))\n"
         "  fi\n"
         "}\n"
         "complete -F _blobmount blobmount\n";
}

std::string zsh_completion() {
  return "#compdef blobmount\n"
         "local -a changeable settings\n"
         "changeable=(\n" +
         zsh_entries(Takes::what_can_change) + zsh_configuration + ")\nsettings=(\n" +
         zsh_entries(Takes::all_settings) + zsh_configuration +
         "  '--debug[The same as --log-level debug]'\n"
         ")\n"
         "case $words[2] in\n" +
         zsh_subcommands() +
         "  *) _arguments -s -S $settings --help --version '-o:options: ' \\\n"
         "    '(-f --foreground)'{-f,--foreground}'[Stay in the foreground, and log to stderr or, as a "
         "service, to the journal]' \\\n"
         "    '1:source or command:(" +
         names_of_subcommands() +
         ")' '*:file:_files' ;;\n"
         "esac\n";
}

std::string fish_completion() {
  std::string text;
  for (const auto& setting : settings()) {
    if (setting.is_positional) continue;
    const auto needs = setting.changes_while_mounted ? Takes::what_can_change : Takes::all_settings;
    text += "complete -c blobmount" + fish_condition(needs) + " -l " + setting.name;
    if (!setting.is_switch()) text += setting.is_path ? " -r" : " -x";
    const auto choices = joined(setting.choices, " ");
    if (!choices.empty()) text += " -a " + quoted(choices);
    auto sentence = replaced(setting.sentence, "\\", "\\\\");
    text += " -d '" + replaced(std::move(sentence), "'", "\\'") + "'\n";
  }
  const std::string at_first = " -n __fish_use_subcommand";
  return text + "complete -c blobmount" + fish_condition(Takes::what_can_change) +
         " -l config -r -d 'Take settings from this file, too'\n"
         "complete -c blobmount" +
         fish_condition(Takes::all_settings) +
         " -s o -x -d 'Settings as mount(8) and /etc/fstab have them'\n"
         "complete -c blobmount" +
         fish_condition(Takes::all_settings) +
         " -l debug -d 'The same as --log-level debug'\n"
         "complete -c blobmount -s h -l help -d 'Show help'\n"
         "complete -c blobmount" +
         at_first +
         " -l version -d 'Show the version'\n"
         "complete -c blobmount" +
         at_first +
         " -s f -l foreground -d 'Stay in the foreground, and log to stderr or, as a service, to the "
         "journal'\n"
         "complete -c blobmount" +
         at_first + " -a '" + names_of_subcommands() + "'\n" + fish_subcommands();
}

}  // namespace blobmount
