#pragma once

/// Configuration files: an object of JSON, in which comments may stand, with the settings' names for keys.
///     // of the reports
///     {"source": "account/reports", "mount-point": "/mnt/reports", "cache-size": "50GiB", "allow-other":
///     true}

#include <string>

#include "blobmount/result.hpp"

#include "app/given_values.hpp"

namespace blobmount {

/// Values are texts, numbers, true and false, or lists of texts for what takes a list; a path that is not
/// absolute begins at the file's directory. `file` is absolute. invalid_argument, with the line where there
/// is one, for whatever is not so, and for unknown keys.
Result<GivenValues> read_configuration_file(const std::string& file);

}  // namespace blobmount
