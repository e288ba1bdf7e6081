/// Whatever body comes with an error, the message is short and printable.

#include <algorithm>
#include <cstdlib>

#include "blob/service_error.hpp"

using namespace blobmount;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  HttpResponse response{.status = 100 + 2 * data[0], .headers = {}, .body = {}};
  std::string text(reinterpret_cast<const char*>(data + 2), size - 2);
  if ((data[1] & 1) != 0) response.headers.add("x-ms-error-code", text);
  if ((data[1] & 2) != 0) response.headers.add("x-ms-request-id", text);
  if ((data[1] & 4) != 0) response.headers.add("x-ms-version", "2021-12-02");
  response.body = std::move(text);

  const auto error = service_error(response);
  const bool printable =
      std::all_of(error.message.begin(), error.message.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  if (error.message.empty() || error.message.size() > 500 || !printable) std::abort();
  return 0;
}
