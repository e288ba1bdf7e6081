#pragma once

/// The variables of the environment. Those that hold a secret are taken out of it and wiped: the programs
/// that we start need not know them, nor who looks at /proc/PID/environ. Call it before there are other
/// threads.

#include <string>

#include "blobmount/config.hpp"
#include "blobmount/credential.hpp"

namespace blobmount {

/// Empty: not set, or set to nothing.
std::string text_variable(const char* name);
/// The same without white space at its end; and then it is not set any more.
Secret take_secret_variable(const char* name);

IdentityEnvironment take_identity_environment();

}  // namespace blobmount
