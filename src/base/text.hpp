#pragma once

/// ASCII text, compared and cut without the locale.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace blobmount {

char lower(char c);
std::string lower(std::string_view text);
/// Whether they differ in nothing but the case of letters.
bool same_but_for_case(std::string_view one, std::string_view other);

/// Of Levenshtein: how many letters are to be put in, left out or replaced for one to become the other.
std::size_t edit_distance(std::string_view one, std::string_view other);

/// One after the other, with `separator` between them.
std::string joined(const std::vector<std::string>& words, std::string_view separator);

/// Each `from` in `text` becomes `to`.
std::string replaced(std::string text, std::string_view from, std::string_view to);

/// Without the slashes at its end.
std::string_view without_slashes(std::string_view text);

}  // namespace blobmount
