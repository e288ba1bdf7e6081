#pragma once

/// The command line and the environment become a Config, or another order. Parsing asks nobody and changes
/// nothing, but for secrets in the environment, which are taken out of it.

#include <string>
#include <variant>
#include <vector>

#include "blobmount/config.hpp"
#include "blobmount/result.hpp"

#include "app/doctor.hpp"
#include "app/identity_command.hpp"
#include "app/warm.hpp"

namespace blobmount {

/// --help and --version: a text to be printed instead.
struct Information {
  std::string text;
};

/// `blobmount refresh PATH...`
struct RefreshCommand {
  std::vector<std::string> paths;  ///< none of them empty
};

/// What to do: mount, print, or talk to a mount that there is.
using Order = std::variant<Config, Information, RefreshCommand, WarmCommand, IdentityCommand, DoctorCommand>;

/// invalid_argument with a sentence for the user.
Result<Order> parse_command_line(int argc, const char* const* argv);

}  // namespace blobmount
