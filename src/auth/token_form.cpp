#include "auth/token_form.hpp"

#include <string_view>

#include "blobmount/http.hpp"

namespace blobmount {

std::string encode(const TokenForm& form) {
  std::size_t longest = 0;
  for (const auto& field : form) {
    longest += std::string_view(field.name).size() + 3 * field.value.reveal().size() + 2;
  }
  std::string text;
  text.reserve(longest);  // so that it does not move, and leave a copy behind
  for (const auto& field : form) {
    const Secret value(percent_encode(field.value.reveal(), false));
    if (!text.empty()) text += '&';
    text.append(field.name).append(1, '=').append(value.reveal());
  }
  return text;
}

}  // namespace blobmount
