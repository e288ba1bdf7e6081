#include <algorithm>

#include <strings.h>

#include "blobmount/http.hpp"

namespace blobmount {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::optional<std::string_view> HttpHeaders::get(std::string_view name) const {
  for (const auto& [field, value] : fields_) {
    if (same_name(field, name)) return value;
  }
  return std::nullopt;
}

void HttpHeaders::set(std::string_view name, std::string value) {
  const auto field = std::find_if(fields_.begin(), fields_.end(),
                                  [&](const auto& entry) { return same_name(entry.first, name); });
  if (field != fields_.end()) {
    field->second = std::move(value);
  } else {
    fields_.emplace_back(name, std::move(value));
  }
}

void HttpHeaders::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

std::string range_header(ByteRange range) {
  return "bytes=" + std::to_string(range.offset) + "-" + std::to_string(range.end() - 1);
}

}  // namespace blobmount
