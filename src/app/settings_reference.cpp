#include "app/settings_reference.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <nlohmann/json.hpp>

#include "app/completions.hpp"
#include "base/text.hpp"

namespace blobmount {
namespace {

std::string flag_of(const Setting& setting) {
  return setting.is_positional ? setting.value : "--" + setting.name;
}

/// groff_man(7): a '-' that is typed is "\-".
std::string roff(std::string text) {
  text = replaced(std::move(text), "\\", "\\e");
  text = replaced(std::move(text), "-", "\\-");
  text = replaced(std::move(text), "'", "\\(aq");
  return text.starts_with('.') ? "\\&" + text : text;
}

/// Appends what `line` says of each setting, below the heading of its group.
template <typename Heading, typename Line>
std::string in_groups(const Heading& heading, const Line& line) {
  std::string text;
  std::optional<SettingGroup> group;
  for (const auto& setting : settings()) {
    if (group != setting.group) text += heading(title_of(setting.group));
    group = setting.group;
    text += line(setting);
  }
  return text;
}

std::string man() {
  const auto heading = [](std::string_view title) { return ".SS " + roff(std::string(title)) + "\n"; };
  return in_groups(heading, [](const Setting& setting) {
    auto entry = ".TP\n.B " + roff(flag_of(setting));
    if (!setting.is_positional && !setting.is_switch()) entry += " \\fI" + roff(setting.value) + "\\fR";
    entry += "\n" + roff(setting.sentence + ".") + "\n";
    if (!setting.fallback.empty()) entry += "Default: " + roff(setting.fallback + ".") + "\n";
    if (!setting.choices.empty()) entry += "One of " + roff(joined(setting.choices, ", ") + ".") + "\n";
    if (setting.variable != nullptr)
      entry += "Also in the variable \\fB" + roff(setting.variable) + "\\fR.\n";
    if (setting.changes_while_mounted) entry += "Can be changed while mounted.\n";
    return entry;
  });
}

std::string markdown() {
  const auto cell = [](std::string text) { return replaced(std::move(text), "|", "\\|"); };
  const auto heading = [](std::string_view title) {
    return "\n### " + std::string(title) +
           "\n\n| setting | value | default | what it does |\n|---|---|---|---|\n";
  };
  return in_groups(heading, [&cell](const Setting& setting) {
    auto what = setting.sentence;
    if (setting.variable != nullptr) what += "; also in `" + std::string(setting.variable) + "`";
    if (setting.changes_while_mounted) what += "; can be changed while mounted";
    const auto value = setting.is_switch() ? std::string("`on`, `off`") : "`" + setting.value + "`";
    return "| `" + setting.name + "` | " + value + " | " + cell(setting.fallback) + " | " + cell(what) +
           " |\n";
  });
}

/// A configuration file to begin with.
std::string example() {
  std::string text =
      "// Settings of a mount. Lines that begin with // are comments: take them away from those that you "
      "set.\n"
      "{\n"
      "  \"source\": \"ACCOUNT/CONTAINER\",\n"
      "  \"mount-point\": \"/mnt/CONTAINER\"\n";
  const auto heading = [](std::string_view title) { return "\n  // " + std::string(title) + "\n"; };
  text += in_groups(heading, [](const Setting& setting) {
    if (setting.is_positional) return std::string();
    auto value = setting.is_switch() ? std::string("true") : nlohmann::json(setting.value).dump();
    return "  // " + setting.sentence + "\n  // , \"" + setting.name + "\": " + value + "\n";
  });
  return text + "}\n";
}

struct Format {
  std::string_view name;
  std::string (*write)();
};
constexpr std::array formats{Format{"man", man},
                             Format{"markdown", markdown},
                             Format{"bash", bash_completion},
                             Format{"zsh", zsh_completion},
                             Format{"fish", fish_completion},
                             Format{"example", example}};

}  // namespace

std::string reference_formats() {
  std::string names;
  for (const auto& format : formats) names += (names.empty() ? "" : ", ") + std::string(format.name);
  return names;
}

Result<std::string> settings_reference(std::string_view format) {
  const auto* const found = std::ranges::find(formats, format, &Format::name);
  if (found != formats.end()) return found->write();
  return Error{ErrorCode::invalid_argument, "config reference takes one of " + reference_formats() +
                                                ", not '" + std::string(format) + "'"};
}

std::string text_of(const std::vector<EffectiveSetting>& effective) {
  std::size_t name_width = 0, value_width = 0;
  const auto shown = [](const EffectiveSetting& entry) {
    return entry.value.empty() ? std::string("-") : entry.value;
  };
  for (const auto& entry : effective) {
    name_width = std::max(name_width, entry.setting->name.size());
    value_width = std::max(value_width, std::min<std::size_t>(shown(entry).size(), 40));
  }
  std::string text;
  for (const auto& entry : effective) {
    auto line = entry.setting->name;
    line.resize(std::max(line.size(), name_width + 2), ' ');
    line += shown(entry);
    line.resize(std::max(line.size() + 2, name_width + value_width + 4), ' ');
    text += line + entry.origin + "\n";
  }
  return text;
}

std::string json_of(const std::vector<EffectiveSetting>& effective) {
  auto all = nlohmann::json::array();
  for (const auto& entry : effective)
    all.push_back({{"name", entry.setting->name}, {"value", entry.value}, {"origin", entry.origin}});
  return all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace blobmount
