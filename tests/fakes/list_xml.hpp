#pragma once

/// Lists as the Blob service writes them, with its small oddities: a byte order mark in front, blobs' ETags
/// without quotes, empty elements where nothing is to say.
/// https://learn.microsoft.com/rest/api/storageservices/list-blobs

#include <string>
#include <string_view>
#include <vector>

#include "fakes/blob_catalog.hpp"

namespace blobmount::tests {

/// What a list says of the request it answers.
struct ListHead {
  std::string endpoint{};   ///< of the account
  std::string container{};  ///< of List Blobs
  std::string prefix{}, marker{}, delimiter{};
  std::string max_results{};  ///< empty: the request did not say
};

std::string list_blobs_xml(const ListHead& head, const CatalogPage& page, bool with_metadata);

struct ListedContainer {
  std::string name;
  CatalogContainer properties;
};
std::string list_containers_xml(const ListHead& head, const std::vector<ListedContainer>& containers,
                                const std::string& next);

/// Names as markers: nothing a client could read, or should.
std::string marker_of(std::string_view name);
/// Empty if `marker` is none of ours.
std::string name_of_marker(std::string_view marker);

}  // namespace blobmount::tests
