#pragma once

/// The commands that watch and manage the mounts that there are.

#include <string>
#include <string_view>
#include <variant>

#include "blobmount/result.hpp"

#include "app/cache_command.hpp"
#include "app/information.hpp"
#include "app/list_command.hpp"
#include "app/status_command.hpp"
#include "app/top_command.hpp"
#include "app/unmount_command.hpp"

namespace blobmount {

using OperatorCommand =
    std::variant<Information, ListCommand, StatusCommand, UnmountCommand, CacheCommand, TopCommand>;

/// For `blobmount --help`.
extern const char* const operator_commands_help;

[[nodiscard]] bool is_operator_command(std::string_view name);
/// `argv` begins with the command's name, which is one of them. invalid_argument with a sentence for the
/// user.
Result<OperatorCommand> parse_operator_command(int argc, const char* const* argv);
/// The exit status. Prints on stdout, and what failed on stderr.
int carry_out(const OperatorCommand& command);

}  // namespace blobmount
