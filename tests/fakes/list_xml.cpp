#include "fakes/list_xml.hpp"

#include <charconv>

#include "fakes/service_error.hpp"

namespace blobmount::tests {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

void append_escaped(std::string& xml, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        xml += "&amp;";
        break;
      case '<':
        xml += "&lt;";
        break;
      case '>':
        xml += "&gt;";
        break;
      case '\r':
        xml += "&#xD;";
        break;  // a parser would make a line feed of it
      default:
        xml += c;
    }
  }
}

void append_element(std::string& xml, std::string_view name, std::string_view text) {
  xml.append("<").append(name);
  if (text.empty()) {
    xml += " />";
    return;
  }
  xml += ">";
  append_escaped(xml, text);
  xml.append("</").append(name).append(">");
}

/// XML 1.0 has no way to write these; since version 2021-02-12 such a name comes percent-encoded.
bool needs_encoding(std::string_view name) {
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') return true;
  }
  return name.find("\xEF\xBF\xBE") != std::string_view::npos ||
         name.find("\xEF\xBF\xBF") != std::string_view::npos;
}

void append_name(std::string& xml, std::string_view name) {
  if (!needs_encoding(name)) return append_element(xml, "Name", name);
  xml += "<Name Encoded=\"true\">";
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    xml.append(1, '%').append(1, hex_digits[byte >> 4]).append(1, hex_digits[byte & 15]);
  }
  xml += "</Name>";
}

std::string_view without_quotes(std::string_view etag) { return etag.substr(1, etag.size() - 2); }

void append_blob(std::string& xml, const std::string& name, const CatalogBlob& blob, bool with_metadata) {
  const auto date = http_date(blob.last_modified);
  xml += "<Blob>";
  append_name(xml, name);
  xml += "<Properties>";  // with VersionId before it where a request includes versions, as none does

  append_element(xml, "Creation-Time", date);
  append_element(xml, "Last-Modified", date);
  append_element(xml, "Etag", without_quotes(blob.etag));
  append_element(xml, "Content-Length", std::to_string(blob.size));
  append_element(xml, "Content-Type", blob.content_type);
  xml += "<Content-Encoding /><Content-Language /><Content-CRC64 />";
  append_element(xml, "Content-MD5", blob.content_md5);
  xml += "<Cache-Control /><Content-Disposition />";
  append_element(xml, "BlobType", blob.type);
  append_element(xml, "AccessTier", blob.access_tier);
  xml +=
      "<AccessTierInferred>true</AccessTierInferred><LeaseStatus>unlocked</LeaseStatus>"
      "<LeaseState>available</LeaseState><ServerEncrypted>true</ServerEncrypted></Properties>";
  if (with_metadata && !blob.metadata.empty()) {
    xml += "<Metadata>";
    for (const auto& [key, value] : blob.metadata) append_element(xml, key, value);
    xml += "</Metadata>";
  } else if (with_metadata) {
    xml += "<Metadata />";
  }
  xml += "<OrMetadata /></Blob>";
}

std::string begin_list(const ListHead& head) {
  std::string xml =
      "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\"";
  append_escaped(xml, head.endpoint);
  if (!head.container.empty()) xml.append("\" ContainerName=\"").append(head.container);
  xml += "\">";
  if (!head.prefix.empty()) append_element(xml, "Prefix", head.prefix);
  if (!head.marker.empty()) append_element(xml, "Marker", head.marker);
  if (!head.max_results.empty()) append_element(xml, "MaxResults", head.max_results);
  if (!head.delimiter.empty()) append_element(xml, "Delimiter", head.delimiter);
  return xml;
}

std::string end_list(std::string xml, const std::string& next) {
  append_element(xml, "NextMarker", next.empty() ? "" : marker_of(next));
  return xml += "</EnumerationResults>";
}

}  // namespace

std::string list_blobs_xml(const ListHead& head, const CatalogPage& page, bool with_metadata) {
  static constexpr std::size_t usual_size_of_an_item = 800;
  auto xml = begin_list(head);
  xml.reserve(xml.size() + page.items.size() * usual_size_of_an_item);
  xml += "<Blobs>";
  for (const auto& [name, blob] : page.items) {
    if (blob) {
      append_blob(xml, name, *blob, with_metadata);
    } else {
      xml += "<BlobPrefix>";
      append_name(xml, name);
      xml += "</BlobPrefix>";
    }
  }
  xml += "</Blobs>";
  return end_list(std::move(xml), page.next);
}

std::string list_containers_xml(const ListHead& head, const std::vector<ListedContainer>& containers,
                                const std::string& next) {
  auto xml = begin_list(head) + "<Containers>";
  for (const auto& [name, properties] : containers) {
    xml += "<Container>";
    append_element(xml, "Name", name);
    xml += "<Properties>";
    append_element(xml, "Last-Modified", http_date(properties.last_modified));
    append_element(xml, "Etag", properties.etag);
    xml += "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState></Properties></Container>";
  }
  xml += "</Containers>";
  return end_list(std::move(xml), next);
}

std::string marker_of(std::string_view name) {
  std::string marker = "2!";
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    marker.append(1, hex_digits[byte >> 4]).append(1, hex_digits[byte & 15]);
  }
  return marker;
}

std::string name_of_marker(std::string_view marker) {
  std::string name;
  if (!marker.starts_with("2!")) return name;
  for (auto rest = marker.substr(2); rest.size() >= 2; rest.remove_prefix(2)) {
    unsigned char byte = 0;
    std::from_chars(rest.data(), rest.data() + 2, byte, 16);
    name += static_cast<char>(byte);
  }
  return name;
}

}  // namespace blobmount::tests
