#pragma once

/// Text that may be UTF-8, and may hold anything else.

#include <cstddef>
#include <string>
#include <string_view>

namespace blobmount {

/// Bytes of the character of UTF-8 that `text`, which is not empty, begins with; 0: it is none. RFC 3629: no
/// form longer than needed, no surrogate, nothing above U+10FFFF.
std::size_t character_size(std::string_view text);

/// `text`, with U+FFFD for each byte that belongs to no character.
std::string as_utf8(std::string_view text);

}  // namespace blobmount
