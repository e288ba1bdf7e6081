#pragma once

/// What to do about a refusal of Microsoft Entra, which numbers its reasons.
/// https://learn.microsoft.com/entra/identity-platform/reference-error-codes

#include <string_view>

namespace blobmount {

/// `description` is the error_description: "AADSTS7000215: Invalid client secret provided. ...". Empty where
/// there is no number in it, or nothing to add.
std::string_view entra_advice(std::string_view description);

}  // namespace blobmount
