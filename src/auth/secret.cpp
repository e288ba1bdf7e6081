#include <utility>

#include <openssl/crypto.h>

#include "blobmount/credential.hpp"

namespace blobmount {

Secret& Secret::operator=(const Secret& other) { return *this = Secret(other); }

Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.wipe(); }

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  text_ = std::move(other.text_);
  other.wipe();
  return *this;
}

void Secret::wipe() noexcept {
  // A short text stays in the object it was moved from, behind an empty size: wipe all there is room for.
  text_.resize(text_.capacity());
  OPENSSL_cleanse(text_.data(), text_.size());
  text_.clear();
}

std::optional<std::string> TokenSource::adapt(const BearerChallenge& /*challenge*/) { return std::nullopt; }

}  // namespace blobmount
