#pragma once

/// The table of settings as other programs want it. Nothing here knows a setting by name.

#include <string>
#include <string_view>
#include <vector>

#include "blobmount/result.hpp"

#include "app/configuration.hpp"

namespace blobmount {

/// For people: "man, markdown, ...".
std::string reference_formats();

/// All settings: as a section of a manual page, tables of docs/configuration.md, completions of a shell, a
/// configuration file in which all are commented out. invalid_argument for another format.
Result<std::string> settings_reference(std::string_view format);

/// For `blobmount config show`: a line for each, in columns; or an array of objects.
std::string text_of(const std::vector<EffectiveSetting>& effective);
std::string json_of(const std::vector<EffectiveSetting>& effective);

}  // namespace blobmount
