#include "blob/list_xml.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>

#include <pugixml.hpp>

#include "blob/blob_headers.hpp"
#include "blob/http_date.hpp"

namespace blobmount {
namespace {

// A blob can be called " " or "\r\n": text is kept as it is, also where it is nothing but white space.
// A text is part of its element, not a node of its own: that halves what a page takes while it is parsed.
constexpr unsigned parse_exactly =
    pugi::parse_cdata | pugi::parse_escapes | pugi::parse_ws_pcdata_single | pugi::parse_embed_pcdata;

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

/// The texts of <Properties> that are of use; empty where it has no such.
struct PropertyTexts {
  std::string_view etag{}, content_length{}, last_modified{}, content_type{}, content_md5{}, blob_type{},
      access_tier{}, resource_type{};
};

/// In one pass: asking for one property after the other would go through all of them each time.
PropertyTexts texts_of(pugi::xml_node properties) {
  using Field = std::pair<std::string_view, std::string_view PropertyTexts::*>;
  static constexpr std::array<Field, 8> fields{{{"Etag", &PropertyTexts::etag},
                                                {"Content-Length", &PropertyTexts::content_length},
                                                {"Last-Modified", &PropertyTexts::last_modified},
                                                {"Content-Type", &PropertyTexts::content_type},
                                                {"Content-MD5", &PropertyTexts::content_md5},
                                                {"BlobType", &PropertyTexts::blob_type},
                                                {"AccessTier", &PropertyTexts::access_tier},
                                                {"ResourceType", &PropertyTexts::resource_type}}};
  PropertyTexts texts;
  for (const auto property : properties) {
    const std::string_view name = property.name();
    for (const auto& [known, text] : fields) {
      if (name == known) texts.*text = property.child_value();
    }
  }
  return texts;
}

std::vector<std::pair<std::string, std::string>> parse_metadata(pugi::xml_node metadata) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto field : metadata) {
    // its text is the name of a field that cannot be written as an element; the value is not told
    if (std::strcmp(field.name(), "x-ms-invalid-name") == 0) continue;
    fields.emplace_back(field.name(), field.child_value());
  }
  std::sort(fields.begin(), fields.end());
  return fields;
}

Result<ListedBlob> parse_blob(pugi::xml_node node) {
  BM_ASSIGN(name, parse_name(node));
  const auto unusable = [&name](std::string_view field) {
    return malformed("gives no usable " + std::string(field) + " for '" + name + "'");
  };

  const auto texts = texts_of(node.child("Properties"));
  if (texts.etag.empty()) return unusable("Etag");
  const auto size = parse_size(texts.content_length);
  if (!size) return unusable("Content-Length");
  const auto last_modified = parse_http_date(texts.last_modified);
  if (!last_modified) return unusable("Last-Modified");

  BlobDetails details{.type = std::string(texts.blob_type),
                      .access_tier = std::string(texts.access_tier),
                      .content_type = std::string(texts.content_type),
                      .content_md5 = std::string(texts.content_md5),
                      .version_id = node.child_value("VersionId"),
                      .metadata = parse_metadata(node.child("Metadata"))};
  // the resource type: where the account has a hierarchical namespace
  const bool is_directory = marks_directory(details.metadata) || texts.resource_type == "directory";
  return ListedBlob{.name = std::move(name),
                    .properties = {.etag = quoted_etag(texts.etag),
                                   .size = *size,
                                   .last_modified = *last_modified,
                                   .is_directory_marker = is_directory,
                                   .details = std::move(details)}};
}

/// Whether `text` ends with `end`, white space apart; takes both away.
bool take_last(std::string_view& text, std::string_view end) {
  text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  if (!text.ends_with(end)) return false;
  text.remove_suffix(end.size());
  return true;
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
  page.blobs.reserve(static_cast<std::size_t>(std::distance(list.entries.begin(), list.entries.end())));
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

std::optional<std::string> next_marker_of(std::string_view body) {
  static constexpr std::string_view begin = "<NextMarker>", end = "</NextMarker>",
                                    end_of_list = "</EnumerationResults>";
  static constexpr std::size_t longest = 16U << 10U;  // far more than a name of 1,024 characters comes to

  auto rest = body.substr(body.size() - std::min(body.size(), longest));
  if (!take_last(rest, end_of_list) || !take_last(rest, end)) return std::nullopt;
  const auto start = rest.rfind(begin);
  if (start == rest.npos) return std::nullopt;
  // markup in it would mean that it began elsewhere
  const auto text = rest.substr(start + begin.size());
  if (text.find_first_of("<>") != text.npos) return std::nullopt;

  pugi::xml_document element;
  const auto written = std::string(begin).append(text).append(end);
  if (!element.load_buffer(written.data(), written.size(), parse_exactly, pugi::encoding_utf8)) {
    return std::nullopt;
  }
  std::string marker = element.document_element().child_value();
  return marker.empty() ? std::nullopt : std::optional(std::move(marker));
}

}  // namespace blobmount
