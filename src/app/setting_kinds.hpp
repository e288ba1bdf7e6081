#pragma once

/// Kinds of settings, for the table in settings.cpp: how a text becomes the value of a Config, and the other
/// way.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "blobmount/config.hpp"
#include "blobmount/result.hpp"

#include "app/option_values.hpp"
#include "app/settings.hpp"
#include "base/text.hpp"

namespace blobmount::setting_kinds {

inline constexpr Bounds<std::uint64_t> any_size{0, std::numeric_limits<std::int64_t>::max()};

/// Where a value stands in a Config.
template <typename T>
auto at(T Config::*member) {
  return [member](auto& config) -> auto& { return config.*member; };
}
template <typename Part, typename T>
auto at(Part Config::*part, T Part::*member) {
  return [ part, member ](auto& config) -> auto& { return config.*part.*member; };
}

/// A setting whose value `parse` makes of a text, and `print` a text of.
template <typename Place, typename Parse, typename Print>
Setting with(Setting setting, Place place, Parse parse, Print print) {
  setting.set = [place, parse](Config& config, const std::string& text) -> Status {
    auto parsed = parse(text);
    if (!parsed) return std::move(parsed).error();
    auto& target = place(config);
    target = static_cast<std::remove_reference_t<decltype(target)>>(*std::move(parsed));
    return {};
  };
  setting.show = [place, print](const Config& config) { return print(place(config)); };
  if (setting.fallback.empty()) setting.fallback = setting.show(Config{});
  return setting;
}

template <typename Place>
Setting size(Setting setting, Place place, Bounds<std::uint64_t> bounds = any_size) {
  return with(
      std::move(setting), place, [bounds](const auto& text) { return parse_size(text, bounds); }, size_text);
}

template <typename Place>
Setting duration(Setting setting, Place place, Bounds<Duration> bounds) {
  return with(
      std::move(setting), place, [bounds](const auto& text) { return parse_duration(text, bounds); },
      duration_text);
}

template <typename Place>
Setting number(Setting setting, Place place, Bounds<std::uint64_t> bounds) {
  return with(
      std::move(setting), place, [bounds](const auto& text) { return parse_number(text, bounds); },
      [](auto value) { return std::to_string(value); });
}

template <typename Place>
Setting decimal(Setting setting, Place place) {
  return with(std::move(setting), place, parse_decimal, decimal_text);
}

template <typename Place>
Setting mode(Setting setting, Place place) {
  return with(std::move(setting), place, parse_mode, mode_text);
}

template <typename Place>
Setting on_or_off(Setting setting, Place place, bool means = true) {
  return with(
      std::move(setting), place,
      [means](const auto& text) -> Result<bool> {
        BM_ASSIGN(on, parse_switch(text));
        return on == means;
      },
      [means](bool value) { return std::string(value == means ? "on" : "off"); });
}

template <typename Place>
Setting text(Setting setting, Place place) {
  return with(
      std::move(setting), place, [](const auto& given) -> Result<std::string> { return given; },
      [](const std::string& value) { return value; });
}

template <typename Place>
Setting path(Setting setting, Place place) {
  setting.is_path = true;
  return text(std::move(setting), place);
}

template <typename T>
using Choices = std::vector<std::pair<std::string, T>>;

template <typename Place, typename T>
Setting choice(Setting setting, Place place, const Choices<T>& choices) {
  for (const auto& [name, value] : choices) setting.choices.push_back(name);
  const auto names = joined(setting.choices, ", ");
  const auto parse = [choices, names](const std::string& given) -> Result<T> {
    for (const auto& [name, value] : choices) {
      if (name == given) return value;
    }
    return Error{ErrorCode::invalid_argument, "takes one of " + names + ", not '" + given + "'"};
  };
  const auto print = [choices](T shown) {
    const auto found =
        std::ranges::find_if(choices, [shown](const auto& entry) { return entry.second == shown; });
    return found != choices.end() ? found->first : std::string();
  };
  return with(std::move(setting), place, parse, print);
}

}  // namespace blobmount::setting_kinds
