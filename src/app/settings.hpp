#pragma once

/// Everything that can be set, said once. The flags, the options of `-o` and /etc/fstab, the keys of
/// configuration files, the variables, --help, the manual page, completions and docs/configuration.md all
/// come from this table.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "blobmount/config.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

/// The headings under which people find them.
enum class SettingGroup : std::uint8_t {
  mount,
  identity,
  appearance,
  freshness,
  cache,
  kernel,
  network,
  watching
};

std::string_view title_of(SettingGroup group);

struct Setting {
  std::string name{};   ///< "cache-size": the flag --cache-size, the key, and BLOBMOUNT_CACHE_SIZE
  std::string value{};  ///< what people call its value: "SIZE"; empty: a switch, on where it stands alone
  SettingGroup group = SettingGroup::mount;
  std::string sentence{};              ///< what it does
  std::string fallback{};              ///< what holds where it is not given, for people; empty: nothing
  std::vector<std::string> choices{};  ///< where there are few
  bool is_path = false;                ///< of a file or directory
  bool is_list = false;                ///< may be given more than once; the values are joined by commas
  bool is_positional = false;          ///< an argument of the command line, not a flag of it
  bool changes_while_mounted = false;  ///< `blobmount reload` puts it into force
  const char* variable = nullptr;      ///< of Azure's SDKs, which says the same where nothing else does

  /// Null for those of identity: credential_choice.hpp judges them together.
  std::function<Status(Config&, const std::string& text)> set{};
  std::function<std::string(const Config&)> show{};

  [[nodiscard]] bool is_switch() const { return value.empty(); }
};

/// In the order in which people read them.
std::span<const Setting> settings();

/// Null: there is none of that name.
const Setting* find_setting(std::string_view name);

/// The one that was meant, by its spelling. Empty: none is near.
std::string nearest_setting(std::string_view name);

/// "BLOBMOUNT_CACHE_SIZE".
std::string variable_of(const Setting& setting);

}  // namespace blobmount
