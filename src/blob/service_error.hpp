#pragma once

/// The one place where an HTTP status and the service's error codes become an Error.
/// https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes

#include "blobmount/http.hpp"
#include "blobmount/result.hpp"

namespace blobmount {

/// What `response`, whose status is not the one that was hoped for, means. The message says it in a sentence
/// and names status, error code and request id, which Error::request has, too; it holds nothing else of the
/// answer, which may quote a signature.
Error service_error(const HttpResponse& response);

/// `error`, found in an answer with that head, with what finds its request again.
Error of_answer(const HttpResponse& head, Error error);

}  // namespace blobmount
