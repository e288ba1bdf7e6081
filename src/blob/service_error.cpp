#include "blob/service_error.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include <pugixml.hpp>

#include "blob/blob_headers.hpp"

namespace blobmount {
namespace {

struct Meaning {
  std::string_view service_code;  ///< "Lease*" stands for every code that begins so
  ErrorCode code;
  std::string_view sentence;
};

constexpr std::array meanings{
    Meaning{"BlobNotFound", ErrorCode::not_found, "there is no such blob"},
    Meaning{"PathNotFound", ErrorCode::not_found, "there is no such blob"},
    Meaning{"ContainerNotFound", ErrorCode::not_found, "there is no such container"},
    Meaning{"FilesystemNotFound", ErrorCode::not_found, "there is no such container"},
    Meaning{"ContainerBeingDeleted", ErrorCode::not_found, "the container is being deleted"},
    Meaning{"ResourceNotFound", ErrorCode::not_found, "there is no such container or blob"},

    Meaning{"BlobAlreadyExists", ErrorCode::already_exists, "the blob exists already"},
    Meaning{"PathAlreadyExists", ErrorCode::already_exists, "the blob exists already"},
    Meaning{"ContainerAlreadyExists", ErrorCode::already_exists, "the container exists already"},
    Meaning{"DirectoryNotEmpty", ErrorCode::not_empty, "the directory is not empty"},

    Meaning{"AuthorizationPermissionMismatch", ErrorCode::permission_denied,
            "the identity has no role that allows this: assign it the role Storage Blob Data Reader (a new "
            "assignment takes some minutes to act); or the shared access signature lacks a permission: r and "
            "l are needed"},
    Meaning{"InsufficientAccountPermissions", ErrorCode::permission_denied,
            "the identity may not do this: assign it the role Storage Blob Data Reader (a new assignment "
            "takes some minutes to act)"},
    Meaning{"AuthorizationFailure", ErrorCode::permission_denied,
            "a firewall or network rule of the storage account refuses this machine: allow its network, or "
            "use a private endpoint"},
    Meaning{"AuthorizationSourceIPMismatch", ErrorCode::permission_denied,
            "the credential is not valid from this machine's address"},
    Meaning{"AuthorizationServiceMismatch", ErrorCode::permission_denied,
            "the shared access signature is not for blobs"},
    Meaning{"AuthorizationResourceTypeMismatch", ErrorCode::permission_denied,
            "the shared access signature is not for all of service, containers and objects"},
    Meaning{"AuthorizationProtocolMismatch", ErrorCode::permission_denied,
            "the shared access signature is not for this protocol: is it for https?"},
    Meaning{"AccountIsDisabled", ErrorCode::permission_denied, "the storage account is disabled"},
    Meaning{"ContainerDisabled", ErrorCode::permission_denied, "the container is disabled"},
    Meaning{"KeyBasedAuthenticationNotPermitted", ErrorCode::permission_denied,
            "the storage account does not take shared keys: use a managed identity"},
    Meaning{"PublicAccessNotPermitted", ErrorCode::permission_denied,
            "the storage account does not take requests without a credential"},
    Meaning{"AuthenticationFailed", ErrorCode::unauthenticated,
            "the service does not accept the credential: is the key or identity right, and this machine's "
            "clock?"},
    Meaning{"InvalidAuthenticationInfo", ErrorCode::unauthenticated,
            "the service does not accept the token or signature: is it of the right tenant, and this "
            "machine's clock right?"},
    Meaning{"NoAuthenticationInformation", ErrorCode::unauthenticated, "the service asks for a credential"},

    Meaning{"BlobArchived", ErrorCode::not_permitted,
            "the blob is in the archive tier: rehydrate it to the tier Hot, Cool or Cold to read it"},
    Meaning{"BlobBeingRehydrated", ErrorCode::not_permitted,
            "the blob is on its way out of the archive tier, which takes hours"},
    Meaning{"BlobImmutable*", ErrorCode::not_permitted, "the blob is immutable"},
    Meaning{"Lease*", ErrorCode::busy, "the blob is leased by somebody else"},

    Meaning{"ConditionNotMet", ErrorCode::changed, "the blob has been changed meanwhile"},
    // only ranges within the version's size are asked for: the blob is shorter, thus another version
    Meaning{"InvalidRange", ErrorCode::changed, "the blob has become shorter meanwhile"},

    Meaning{"InvalidResourceName", ErrorCode::invalid_argument, "the service does not take such a name"},
    Meaning{"OutOfRangeInput", ErrorCode::invalid_argument,
            "the service does not take such a name or number"},
    Meaning{"InvalidUri", ErrorCode::invalid_argument, "the service does not take such a name"},
    Meaning{"AccountRequiresHttps", ErrorCode::invalid_argument, "the storage account takes https only"},
    Meaning{"PathIsTooDeep", ErrorCode::name_too_long, "the name has more components than the service takes"},
    Meaning{"RequestBodyTooLarge", ErrorCode::too_large, "the request is larger than the service takes"},
    Meaning{"BlockCountExceedsLimit", ErrorCode::too_large,
            "the blob has more blocks than the service takes"},
    Meaning{"FeatureVersionMismatch", ErrorCode::unsupported,
            "the service needs a newer version of the protocol"},
    Meaning{"OperationTimedOut", ErrorCode::unavailable, "the service could not finish in time"},
};

Meaning meaning_of_status(int status) {
  const auto means = [](ErrorCode code, std::string_view sentence) { return Meaning{"", code, sentence}; };
  switch (status) {
    case 400:
      return means(ErrorCode::invalid_argument, "the service does not take the request");
    case 401:
      return means(ErrorCode::unauthenticated, "the service does not accept the credential");
    case 403:
      return means(ErrorCode::permission_denied, "the service refuses this");
    case 404:
      return means(ErrorCode::not_found, "there is no such container or blob");
    case 405:
    case 501:
      return means(ErrorCode::unsupported, "the service does not do this");
    case 407:
      return means(ErrorCode::unreachable, "the proxy asks for a credential");
    case 408:
      return means(ErrorCode::timed_out, "the service gave up waiting for the request");
    case 409:
      return means(ErrorCode::busy, "the request is at odds with the blob's state");
    case 412:
      return means(ErrorCode::changed, "the blob has been changed meanwhile");
    case 413:
      return means(ErrorCode::too_large, "the request is larger than the service takes");
    case 414:
      return means(ErrorCode::name_too_long, "the name is longer than the service takes");
    case 416:
      return means(ErrorCode::changed, "the blob has become shorter meanwhile");
    case 429:
    case 503:
      return means(ErrorCode::throttled, "the service asks for fewer requests");
    case 507:
      return means(ErrorCode::no_space, "the storage account is full");
    default:
      break;
  }
  if (status >= 500) return means(ErrorCode::unavailable, "the service failed");
  if (status >= 400) return means(ErrorCode::invalid_argument, "the service does not take the request");
  return means(ErrorCode::corrupt, "the service gave an answer that does not fit the request");
}

bool covers(const Meaning& meaning, std::string_view service_code) {
  auto pattern = meaning.service_code;
  if (!pattern.ends_with('*')) return pattern == service_code;
  pattern.remove_suffix(1);
  return service_code.starts_with(pattern);
}

Meaning meaning_of(int status, std::string_view service_code) {
  const auto known = std::find_if(meanings.begin(), meanings.end(),
                                  [&](const Meaning& meaning) { return covers(meaning, service_code); });
  return known != meanings.end() ? *known : meaning_of_status(status);
}

/// A word that can be shown: what a stranger sends in its place could be of any length and hold anything.
std::string word(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  };
  const bool plausible = text.size() <= 64 && std::all_of(text.begin(), text.end(), allowed);
  return plausible ? std::string(text) : "";
}

/// <Error><Code>BlobNotFound</Code>...</Error>. Answers to HEAD have no body, and name it in the header
/// alone.
std::string service_code_of(const HttpResponse& response) {
  if (const auto code = response.headers.get("x-ms-error-code")) return word(*code);
  pugi::xml_document document;
  if (!document.load_buffer(response.body.data(), response.body.size(), pugi::parse_minimal,
                            pugi::encoding_utf8)) {
    return {};
  }
  return word(document.child("Error").child_value("Code"));
}

std::string word_of(const HttpResponse& response, std::string_view header) {
  return word(response.headers.get(header).value_or(""));
}

}  // namespace

Error of_answer(const HttpResponse& head, Error error) {
  error.request = std::make_shared<const FailedRequest>(
      FailedRequest{.status = head.status,
                    .service_code = word_of(head, "x-ms-error-code"),
                    .id = word_of(head, "x-ms-request-id"),
                    .client_id = word_of(head, "x-ms-client-request-id")});
  return error;
}

Error service_error(const HttpResponse& response) {
  const auto service_code = service_code_of(response);
  const auto request_id = word_of(response, "x-ms-request-id");
  const bool foreign = service_code.empty() && !from_blob_storage(response.headers);

  // what stands in between can be down or busy for a while, and can say no, as well as the service itself
  if (foreign && (response.status < 400 || response.status == 404))
    return of_answer(response, not_from_blob_storage());

  const auto meaning = meaning_of(response.status, service_code);
  std::string message(meaning.sentence);
  message.append(" (HTTP ").append(std::to_string(response.status));
  if (!service_code.empty()) message.append(" ").append(service_code);
  if (!request_id.empty()) message.append(", request ").append(request_id);
  if (foreign) message += ", not from Azure Blob Storage itself";
  message += ")";
  const FailedRequest request{.status = response.status,
                              .service_code = service_code,
                              .id = request_id,
                              .client_id = word_of(response, "x-ms-client-request-id")};
  return {meaning.code, std::move(message), std::make_shared<const FailedRequest>(request)};
}

}  // namespace blobmount
