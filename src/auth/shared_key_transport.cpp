#include "auth/shared_key_transport.hpp"

#include <array>
#include <cstdio>
#include <ctime>

#include "auth/shared_key.hpp"

namespace blobmount {
namespace {

/// RFC 1123, as "Fri, 26 Jun 2015 23:39:12 GMT": strftime would use the locale's names.
std::string http_date(WallTime time) {
  static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);

  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                days[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                months[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour, utc.tm_min,
                utc.tm_sec);
  return text.data();
}

}  // namespace

void SharedKeyTransport::start(HttpRequest request, OnResponse done) {
  if (!keeps_secrets(request.url)) {
    return done(Error{ErrorCode::invalid_argument, "a signed request is not sent over plain " +
                                                       request.url.scheme + " to " + request.url.host +
                                                       ": use an https endpoint"});
  }
  request.headers.set("x-ms-date", http_date(clock_.wall_now()));
  request.headers.set("Authorization",
                      "SharedKey " + account_ + ":" + sign(string_to_sign(request, account_), *key_->get()));
  next_.start(std::move(request), std::move(done));
}

}  // namespace blobmount
