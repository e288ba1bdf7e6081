#include "blob/list_xml.hpp"

#include <cstring>

#include <pugixml.hpp>

#include "blob/blob_headers.hpp"
#include "blob/http_date.hpp"

namespace blobmount {
namespace {

// A blob can be called " " or "\r\n": text is kept as it is, also where it is nothing but white space.
constexpr unsigned parse_exactly = pugi::parse_cdata | pugi::parse_escapes | pugi::parse_ws_pcdata_single;

bool begins_like_a_list(std::string_view body) {
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
  return body.starts_with("<?xml") || body.starts_with("<EnumerationResults");
}

Error malformed(std::string_view what) { return {ErrorCode::corrupt, "the listing " + std::string(what)}; }

/// The answer's root and the part of it that holds the entries.
struct List {
  pugi::xml_node root, entries;

  [[nodiscard]] std::string next_marker() const { return root.child_value("NextMarker"); }
};

/// `document` reads `body` in place: both live as long as what is taken from them.
Result<List> parse_list(pugi::xml_document& document, std::string& body, const char* entries_name) {
  const bool plausible = begins_like_a_list(body);
  const auto outcome =
      document.load_buffer_inplace(body.data(), body.size(), parse_exactly, pugi::encoding_utf8);
  if (!plausible) return not_from_blob_storage();
  if (!outcome) {
    return malformed(std::string("is not well-formed XML: ") + outcome.description() + " at byte " +
                     std::to_string(outcome.offset) + " of " + std::to_string(body.size()));
  }
  const auto root = document.document_element();
  if (std::strcmp(root.name(), "EnumerationResults") != 0) return not_from_blob_storage();
  const auto entries = root.child(entries_name);
  if (!entries) return malformed(std::string("has no part called ") + entries_name);
  return List{root, entries};
}

/// Names that XML cannot hold are percent-encoded, and say so.
Result<std::string> parse_name(pugi::xml_node owner) {
  const auto node = owner.child("Name");
  const char* const text = node.child_value();
  if (*text == '\0') return malformed(std::string("has a ") + owner.name() + " without a name");
  if (!node.attribute("Encoded").as_bool()) return std::string(text);
  auto decoded = percent_decode(text);
  if (!decoded) return malformed(std::string("has a name with a broken percent-encoding: ") + text);
  return *std::move(decoded);
}

bool marked_as_directory(pugi::xml_node blob, pugi::xml_node properties) {
  for (const auto field : blob.child("Metadata")) {
    if (marks_directory(field.name(), field.child_value())) return true;
  }
  // where the account has a hierarchical namespace
  return std::strcmp(properties.child_value("ResourceType"), "directory") == 0;
}

Result<ListedBlob> parse_blob(pugi::xml_node node) {
  BM_ASSIGN(name, parse_name(node));
  const auto properties = node.child("Properties");
  const auto unusable = [&name](std::string_view field) {
    return malformed("gives no usable " + std::string(field) + " for '" + name + "'");
  };

  const std::string_view etag = properties.child_value("Etag");
  if (etag.empty()) return unusable("Etag");
  const auto size = parse_size(properties.child_value("Content-Length"));
  if (!size) return unusable("Content-Length");
  const auto last_modified = parse_http_date(properties.child_value("Last-Modified"));
  if (!last_modified) return unusable("Last-Modified");

  return ListedBlob{.name = std::move(name),
                    .properties = {.etag = quoted_etag(etag),
                                   .size = *size,
                                   .last_modified = *last_modified,
                                   .is_directory_marker = marked_as_directory(node, properties),
                                   .details = {.access_tier = properties.child_value("AccessTier")}}};
}

Result<ContainerProperties> parse_container(pugi::xml_node node) {
  BM_ASSIGN(name, parse_name(node));
  const auto last_modified = parse_http_date(node.child("Properties").child_value("Last-Modified"));
  if (!last_modified) return malformed("gives no usable Last-Modified for '" + name + "'");
  return ContainerProperties{.name = std::move(name), .last_modified = *last_modified};
}

}  // namespace

Result<BlobPage> parse_blob_page(std::string body) {
  pugi::xml_document document;
  BM_ASSIGN(list, parse_list(document, body, "Blobs"));
  BlobPage page;
  for (const auto node : list.entries) {
    if (std::strcmp(node.name(), "Blob") == 0) {
      BM_ASSIGN(blob, parse_blob(node));
      page.blobs.push_back(std::move(blob));
    } else if (std::strcmp(node.name(), "BlobPrefix") == 0) {
      BM_ASSIGN(prefix, parse_name(node));
      page.prefixes.push_back(std::move(prefix));
    }
  }
  page.next_marker = list.next_marker();
  return page;
}

Result<ContainerPage> parse_container_page(std::string body) {
  pugi::xml_document document;
  BM_ASSIGN(list, parse_list(document, body, "Containers"));
  ContainerPage page;
  for (const auto node : list.entries.children("Container")) {
    BM_ASSIGN(container, parse_container(node));
    page.containers.push_back(std::move(container));
  }
  page.next_marker = list.next_marker();
  return page;
}

}  // namespace blobmount
