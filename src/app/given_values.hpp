#pragma once

/// What was set, where, not yet judged: by the command line, the environment, a configuration file.

#include <map>
#include <string>
#include <string_view>

#include "blobmount/result.hpp"

#include "app/settings.hpp"

namespace blobmount {

struct GivenValue {
  std::string text;
  std::string origin;  ///< for people: "--cache-size", "-o cache-size", "BLOBMOUNT_CACHE_SIZE", "FILE:4"
};

/// By the name of the setting.
using GivenValues = std::map<std::string, GivenValue, std::less<>>;

/// What each place says. The first that knows a setting wins.
struct GivenLayers {
  GivenValues command_line{};
  GivenValues environment{};
  GivenValues file{};
  std::string file_name{};  ///< absolute; empty: there is none

  [[nodiscard]] GivenValues merged() const;
};

/// The BLOBMOUNT_... variables. One that is empty is not set.
GivenValues values_of_environment();

/// Keeps `text` for `setting`. A path becomes absolute: one that is not begins at `directory`, or the working
/// directory where that is empty. invalid_argument where the text is empty, or the setting has a value
/// already, unless it is a list.
Status give(GivenValues& values, const Setting& setting, std::string text, std::string origin,
            const std::string& directory = {});

/// For whoever wrote a name that is no setting's.
Error no_such_setting(std::string_view name);

}  // namespace blobmount
