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

}  // namespace blobmount
