#pragma once

/// The command line and the environment become a Config. Parsing asks nobody and changes nothing, but for
/// secrets in the environment, which are taken out of it.

#include <variant>

#include "blobmount/config.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

/// --help and --version: a text to be printed instead.
struct Information {
  std::string text;
};

/// invalid_argument with a sentence for the user.
Result<std::variant<Config, Information>> parse_command_line(int argc, const char* const* argv);

}  // namespace blobmount
