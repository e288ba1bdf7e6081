#include "app/json_members.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace blobmount {

using nlohmann::json;

const json& member_of(const json& object, const char* name) {
  static const json none;
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

std::string text_in(const json& object, const char* name, const char* otherwise) {
  const auto& found = member_of(object, name);
  return found.is_string() ? found.get<std::string>() : otherwise;
}

double number_in(const json& object, const char* name) {
  constexpr double largest = 1e18;  // of bytes, that is most of an exbibyte
  const auto& found = member_of(object, name);
  return found.is_number() ? std::clamp(found.get<double>(), -largest, largest) : 0;
}

std::uint64_t count_in(const json& object, const char* name) {
  const auto& found = member_of(object, name);
  if (found.is_number_unsigned()) return found.get<std::uint64_t>();
  return found.is_number_integer()
             ? static_cast<std::uint64_t>(std::max<std::int64_t>(0, found.get<std::int64_t>()))
             : 0;
}

bool flag_in(const json& object, const char* name) {
  const auto& found = member_of(object, name);
  return found.is_boolean() && found.get<bool>();
}

std::vector<std::string> texts_in(const json& object, const char* name) {
  std::vector<std::string> texts;
  for (const auto& each : member_of(object, name)) {
    if (each.is_string()) texts.push_back(each.get<std::string>());
  }
  return texts;
}

}  // namespace blobmount
