#include "tree/names.hpp"

#include <algorithm>

namespace blobmount {

bool is_file_name(std::string_view component) {
  using namespace std::string_view_literals;
  return !component.empty() && component.size() <= longest_file_name && component != "."sv &&
         component != ".."sv && component.find_first_of("/\0"sv) == std::string_view::npos;
}

bool is_container_name(std::string_view name) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  const auto letters = name.starts_with('$') ? name.substr(1) : name;
  return letters.size() >= 3 && letters.size() <= 63 && std::all_of(letters.begin(), letters.end(), allowed);
}

Location Location::child_file(std::string_view name) const { return {container, path + std::string(name)}; }

Location Location::child_directory(std::string_view name) const {
  if (is_account()) return {std::string(name), ""};
  return {container, path + std::string(name) + "/"};
}

}  // namespace blobmount
