#pragma once

/// What a shell offers while a command line of blobmount is typed.

#include <string>

namespace blobmount {

std::string bash_completion();
std::string zsh_completion();
std::string fish_completion();

}  // namespace blobmount
