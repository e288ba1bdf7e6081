#pragma once

/// What is obeyed, not shown: by a terminal, or by whoever reads a log line by line.

#include <cstddef>
#include <string_view>

namespace blobmount {

/// Bytes of the control character that `text`, in UTF-8, begins with; 0: it begins with none. Those from
/// U+0080 to U+009F take two.
inline std::size_t control_size(std::string_view text) {
  if (text.empty()) return 0;
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x20 || first == 0x7f) return 1;
  if (first != 0xc2 || text.size() < 2) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  return second >= 0x80 && second < 0xa0 ? 2 : 0;
}

}  // namespace blobmount
