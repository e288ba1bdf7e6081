#include "app/given_values.hpp"

#include <filesystem>
#include <utility>

#include "app/environment.hpp"

namespace blobmount {

GivenValues GivenLayers::merged() const {
  auto all = command_line;
  all.insert(environment.begin(), environment.end());
  all.insert(file.begin(), file.end());
  return all;
}

GivenValues values_of_environment() {
  GivenValues values;
  for (const auto& setting : settings()) {
    const auto variable = variable_of(setting);
    auto text = text_variable(variable.c_str());
    // it is not empty, and the only one: nothing to refuse
    if (!text.empty()) (void)give(values, setting, std::move(text), variable);
  }
  return values;
}

Status give(GivenValues& values, const Setting& setting, std::string text, std::string origin,
            const std::string& directory) {
  // an empty text is a variable of a script that was not set: it must not mean the default
  if (text.empty()) return Error{ErrorCode::invalid_argument, origin + " must not be empty"};
  if (setting.is_path) {
    // the background has another working directory; ".." stays, for it may stand behind a symbolic link
    text = directory.empty() ? std::filesystem::absolute(text).string()
                             : (std::filesystem::path(directory) / text).string();
  }
  const auto [entry, is_new] = values.try_emplace(setting.name, GivenValue{text, origin});
  if (is_new) return {};
  if (!setting.is_list) return Error{ErrorCode::invalid_argument, origin + " is given more than once"};
  entry->second.text += "," + text;
  return {};
}

Error no_such_setting(std::string_view name) {
  const auto nearest = nearest_setting(name);
  return {ErrorCode::invalid_argument, "there is no setting '" + std::string(name) + "'" +
                                           (nearest.empty() ? "" : "; is '" + nearest + "' meant?")};
}

}  // namespace blobmount
