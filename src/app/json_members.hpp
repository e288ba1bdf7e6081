#pragma once

/// Members of what another process said, which may be of another version, or mean no good: one that is
/// missing, or not of the type that is asked for, is taken for none. Nothing here throws for what was said.

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace blobmount {

/// Null where there is none, and where `object` is no object. Points into `object`, or lives for ever.
const nlohmann::json& member_of(const nlohmann::json& object, const char* name);

std::string text_in(const nlohmann::json& object, const char* name, const char* otherwise = "");
/// Else 0. Never so large that what is computed of it could overflow.
double number_in(const nlohmann::json& object, const char* name);
/// A whole number that is not negative, or else 0.
std::uint64_t count_in(const nlohmann::json& object, const char* name);
/// Else false.
bool flag_in(const nlohmann::json& object, const char* name);
/// Those of a list that are texts.
std::vector<std::string> texts_in(const nlohmann::json& object, const char* name);

}  // namespace blobmount
