#pragma once

/// Shared access signatures as values: the fields that go into the query of each request's URL.
/// https://learn.microsoft.com/rest/api/storageservices/delegate-access-with-shared-access-signature

#include <string>
#include <utility>
#include <vector>

#include "blobmount/clock.hpp"
#include "blobmount/credential.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

struct SasFields {
  /// Names and decoded values, in the order in which they were written.
  std::vector<std::pair<std::string, Secret>> fields{};
  /// The field se as it was written, UTC: "2026-08-01T12:00:00Z". Empty where it is missing (a stored access
  /// policy may say it), or is no time.
  std::string expires{};
};

/// Of "sv=...&sig=...", with or without a '?' in front, as the portal shows it. Its sv and sig must be
/// there, each field once, and none that a request has of its own. invalid_argument with a sentence that
/// shows no value.
Result<SasFields> parse_shared_access_signature(const Secret& text);

/// Whether its time is up, as far as it says.
bool is_expired(const SasFields& signature, WallTime now);

}  // namespace blobmount
