#pragma once

/// ASCII text, compared and cut without the locale.

#include <string>
#include <string_view>

namespace blobmount {

char lower(char c);
std::string lower(std::string_view text);
/// Whether they differ in nothing but the case of letters.
bool same_but_for_case(std::string_view one, std::string_view other);

/// Without the slashes at its end.
std::string_view without_slashes(std::string_view text);

}  // namespace blobmount
