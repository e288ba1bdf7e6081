#include "tree/names.hpp"

namespace blobmount {

bool is_file_name(std::string_view component) {
  using namespace std::string_view_literals;
  return !component.empty() && component.size() <= longest_file_name && component != "."sv &&
         component != ".."sv && component.find_first_of("/\0"sv) == std::string_view::npos;
}

Location Location::child_file(std::string_view name) const { return {container, path + std::string(name)}; }

Location Location::child_directory(std::string_view name) const {
  if (is_account()) return {std::string(name), ""};
  return {container, path + std::string(name) + "/"};
}

std::pair<Location, std::string> parent_of(const Location& directory) {
  if (directory.path.empty()) return {{}, directory.container};
  const auto end = directory.path.size() - 1;
  const auto slash = directory.path.rfind('/', end - 1);
  const auto begin = end == 0 || slash == std::string::npos ? 0 : slash + 1;
  return {{directory.container, directory.path.substr(0, begin)}, directory.path.substr(begin, end - begin)};
}

/// FNV-1a: http://www.isthe.com/chongo/tech/comp/fnv/
std::uint64_t number_of(const Location& directory, std::string_view name) {
  std::uint64_t hash = 14695981039346656037U;
  const auto add = [&hash](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  };
  add(directory.container);
  add("/");
  add(directory.path);
  add(name);
  return hash;
}

}  // namespace blobmount
