#include "app/argument_error.hpp"

#include <algorithm>
#include <string>

#include <CLI/CLI.hpp>

#include "app/settings.hpp"

namespace blobmount {
namespace {

std::string unexpected(const CLI::App& app) {
  std::string names;
  for (const auto& argument : app.remaining()) {
    if (!argument.starts_with('-')) continue;
    const auto name = argument.substr(0, argument.find('='));
    names += " " + name;
    const auto nearest = nearest_setting(name.substr(std::min(name.find_first_not_of('-'), name.size())));
    if (!nearest.empty()) names += " (is --" + nearest + " meant?)";
  }
  return names.empty() ? "there are more arguments than expected" : "there is no such option:" + names;
}

}  // namespace

Error argument_error(const CLI::App& app, const CLI::ParseError& error) {
  const bool extras = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  return {ErrorCode::invalid_argument, (extras ? unexpected(app) : std::string(error.what())) + " (" +
                                           app.get_name() + " --help shows what is possible)"};
}

std::string not_empty(const std::string& text) { return text.empty() ? "must not be empty" : ""; }

}  // namespace blobmount
