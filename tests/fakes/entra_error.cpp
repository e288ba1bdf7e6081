#include "fakes/entra_error.hpp"

#include <nlohmann/json.hpp>

namespace blobmount::tests {

std::string body_of(const EntraError& error) {
  static constexpr auto trace = "8c95acf1-cc04-40a1-ad14-481862cf1801";
  static constexpr auto correlation = "65574ea0-000b-4526-8595-ddaae8b4250d";
  static constexpr auto time = "2026-01-09 14:06:14Z";
  const auto number = std::to_string(error.number);
  return nlohmann::json{{"error", error.error},
                        {"error_description", "AADSTS" + number + ": " + error.words + " Trace ID: " + trace +
                                                  " Correlation ID: " + correlation + " Timestamp: " + time},
                        {"error_codes", nlohmann::json::array({error.number})},
                        {"timestamp", time},
                        {"trace_id", trace},
                        {"correlation_id", correlation},
                        {"error_uri", "https://login.microsoftonline.com/error?code=" + number}}
      .dump();
}

}  // namespace blobmount::tests
