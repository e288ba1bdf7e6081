#pragma once

/// What each call asks of the service: method, URL, query, headers. Values without I/O; who signs and sends
/// them is above. `endpoint` is the account's, its path "/" or, for an emulator, "/account".

#include <string_view>

#include "blobmount/blob_store.hpp"
#include "blobmount/http.hpp"

namespace blobmount {

/// Whether a container can have that name; any other would ask the service about something else.
/// https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
bool can_name_container(std::string_view name);

/// Whether a URL can name that blob. One without characters, or with a component "." or "..", would lead to
/// something else. A backslash is sent as it is, though the service takes it for a slash: a listing that
/// shows one comes from a service that does not. https://github.com/Azure/azure-sdk-for-js/pull/5405
bool can_name_blob(std::string_view name);

/// The URL of a blob, or of its container where `blob` is empty.
Url blob_url(const Url& endpoint, std::string_view container, std::string_view blob);

HttpRequest list_containers_request(const Url& endpoint, const ListContainersQuery& query);
HttpRequest get_container_request(const Url& endpoint, std::string_view container);
HttpRequest list_blobs_request(const Url& endpoint, const ListBlobsQuery& query);
HttpRequest get_properties_request(const Url& endpoint, std::string_view container, std::string_view blob);
/// Pinned to the version: another one is answered with 412. `range` is not empty.
HttpRequest read_request(const Url& endpoint, const BlobVersion& version, ByteRange range);

/// How long a try may take whose answer has a body of `length` bytes at most. The more is asked for, the more
/// time it has: a server that drips a byte now and then must not hold a reader for ever, and a line that is
/// slow but gets on must not be cut.
HttpLimits limits_for(std::uint64_t length, Duration stall_timeout);

}  // namespace blobmount
