#pragma once

/// What syslog, and the journal after it, calls our levels.

#include <syslog.h>

#include "blobmount/config.hpp"

namespace blobmount {

constexpr int syslog_priority(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return LOG_DEBUG;
    case LogLevel::info:
      return LOG_INFO;
    case LogLevel::warning:
      return LOG_WARNING;
    case LogLevel::error:
      return LOG_ERR;
  }
  return LOG_ERR;
}

}  // namespace blobmount
