#pragma once

/// write(2), until all is written.

#include <cerrno>
#include <string_view>

#include <unistd.h>

namespace blobmount {

/// Bytes of `text` that were written; fewer than all: errno says why.
inline std::size_t write_all(int file, std::string_view text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const auto written = ::write(file, text.data() + done, text.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    done += static_cast<std::size_t>(written);
  }
  return done;
}

}  // namespace blobmount
