#pragma once

/// Refusals as the Blob service words them: status, code in a header and in XML, request id.
/// https://learn.microsoft.com/rest/api/storageservices/status-and-error-codes2

#include <string>

#include "blobmount/http.hpp"

#include "fakes/reply.hpp"

namespace blobmount::tests {

struct ServiceError {
  int status = 500;
  std::string code, message;
  std::string detail{};   ///< AuthenticationErrorDetail; empty: none
  HttpHeaders headers{};  ///< beyond those of every answer

  static ServiceError container_not_found();
  static ServiceError blob_not_found();
  static ServiceError condition_not_met();
  static ServiceError invalid_range();
  static ServiceError archived();
  static ServiceError invalid_query(const std::string& parameter);
  static ServiceError unsupported_verb();
  static ServiceError no_authentication();
  static ServiceError token_refused(const std::string& detail);
  static ServiceError permission_mismatch();
  static ServiceError firewall();
};

/// The header fields of every answer: server, version, a request id of its own, the date.
HttpHeaders common_headers();

bool send_error(Reply& reply, const ServiceError& error);

/// A date as HTTP has it: "Mon, 23 Nov 2026 21:26:14 GMT".
std::string http_date(std::chrono::system_clock::time_point time);

}  // namespace blobmount::tests
