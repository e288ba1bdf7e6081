/// Any text is a Content-Range, a date, properties, or nothing; what is accepted makes sense.

#include <cstdlib>

#include "blob/blob_headers.hpp"
#include "blob/http_date.hpp"

using namespace blobmount;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);

  if (const auto content = parse_content_range(text)) {
    const auto& range = content->range;
    const bool within = range.length > 0 && range.offset < content->total && range.end() <= content->total;
    if (!within || range.end() < range.offset) std::abort();
  }
  if (parse_http_date(text) && size != 29) std::abort();

  const HttpHeaders headers{{"x-ms-version", "2021-12-02"},
                            {"ETag", text},
                            {"Content-Length", text},
                            {"Last-Modified", text},
                            {"x-ms-meta-" + text, text}};
  if (const auto properties = parse_blob_properties(headers);
      !properties && properties.error().message.empty()) {
    std::abort();
  }

  const HttpHeaders of_blob{
      {"x-ms-version", "2021-12-02"}, {"ETag", "\"1\""},
      {"Content-Length", "1"},        {"Last-Modified", "Fri, 26 Jun 2015 23:39:12 GMT"},
      {"Content-Type", text},         {"x-ms-meta-a", text},
      {"x-ms-meta-" + text, text}};
  const auto properties = parse_blob_properties(of_blob);
  if (!properties || properties->details.content_type != text) std::abort();
  if (properties->details.metadata.size() != (text.empty() ? 1U : 2U)) std::abort();
  return 0;
}
