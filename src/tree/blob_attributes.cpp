#include "tree/blob_attributes.hpp"

#include "blob/blob_requests.hpp"

namespace blobmount {
namespace {

const std::string prefix = "user.blob.";

}  // namespace

bool is_local_attribute(std::string_view name) {
  return name == cached_attribute || name == unwritten_attribute || name == checked_attribute;
}

std::vector<ExtendedAttribute> local_attribute(const std::string& name, const BlobVersion& version,
                                               LocalFiles* files) {
  const auto kept = files != nullptr ? files->kept(version) : std::nullopt;
  if (!kept) return {};
  if (name == checked_attribute) return {{name, files->local_file(version) ? "1" : "0"}};
  return {{name, std::to_string(name == cached_attribute ? kept->written : kept->waiting)}};
}

std::vector<ExtendedAttribute> blob_attributes(const Url& account, const Location& blob,
                                               const std::string& etag, const BlobDetails& details) {
  std::vector<ExtendedAttribute> attributes;
  const auto add = [&attributes](const std::string& name, const std::string& value) {
    if (!value.empty()) attributes.push_back({prefix + name, value});
  };
  add("etag", etag);
  add("content_type", details.content_type);
  add("content_md5", details.content_md5);
  add("tier", details.access_tier);
  add("type", details.type);
  add("url", blob_url(account, blob.container, blob.path).to_string());
  if (!details.version_id.empty())
    attributes.push_back({std::string(version_id_attribute), details.version_id});
  for (const auto& [name, value] : details.metadata)
    attributes.push_back({prefix + "metadata." + name, value});
  return attributes;
}

}  // namespace blobmount
