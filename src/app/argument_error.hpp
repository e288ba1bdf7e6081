#pragma once

/// What is said of arguments that are not understood.

#include <string>

#include "blobmount/result.hpp"

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace blobmount {

/// invalid_argument with a sentence for the user. What stands behind an '=', or by itself, may be a secret
/// that somebody typed: only names are repeated.
Error argument_error(const CLI::App& app, const CLI::ParseError& error);

/// A check of CLI11: what is wrong with `text`, or nothing. An empty one is a variable of a script that was
/// not set: it must not mean the default.
std::string not_empty(const std::string& text);

}  // namespace blobmount
