/// Any bytes are a page or an error; of a page, what can be named can be asked for again, and the marker
/// known early is the page's.

#include <algorithm>
#include <cstdlib>

#include "blob/blob_requests.hpp"
#include "blob/list_xml.hpp"

using namespace blobmount;

namespace {

void must(bool condition) {
  if (!condition) std::abort();
}

/// As each page of the service does. Else the parser may take the first end, and who looks for it the last.
bool ends_once(const std::string& body) {
  const auto once = [&body](const char* text) { return body.find(text) == body.rfind(text); };
  return once("<NextMarker") && once("<EnumerationResults") && body.find('\0') == body.npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  const Url endpoint{.scheme = "https", .host = "a", .path = "/", .query = {}};

  const auto page = parse_blob_page(body);
  must(page || (page.error().code == ErrorCode::corrupt && !page.error().message.empty()));
  if (page) {
    for (const auto& blob : page->blobs) {
      must(!blob.name.empty() && blob.properties.etag.size() >= 2);
      must(std::ranges::is_sorted(blob.properties.details.metadata));
      must(percent_decode(blob_url(endpoint, "c", blob.name).path) == "/c/" + blob.name);
    }
    for (const auto& prefix : page->prefixes) must(!prefix.empty());
  }

  if (const auto early = next_marker_of(body); early && page && ends_once(body)) {
    must(*early == page->next_marker);
  }

  const auto containers = parse_container_page(body);
  must(containers || containers.error().code == ErrorCode::corrupt);
  return 0;
}
