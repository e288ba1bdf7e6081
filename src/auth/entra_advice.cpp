#include "auth/entra_advice.hpp"

#include <algorithm>
#include <array>

namespace blobmount {
namespace {

constexpr std::string_view mark = "AADSTS";

constexpr std::string_view wrong_tenant =
    "check --tenant-id, and whether the tenant is in this cloud (--cloud, --authority)";
constexpr std::string_view wrong_secret = "give the secret's value, not its id, and of this application";
constexpr std::string_view wrong_resource =
    "check --audience, and whether the tenant is in this cloud (--cloud)";
constexpr std::string_view no_trust =
    "the application (or identity) needs a federated credential with exactly the issuer, subject and "
    "audience "
    "of the token; a new one takes some minutes to be known";

struct Advice {
  std::string_view number;
  std::string_view words;
};

constexpr std::array advices{
    Advice{"50034", wrong_tenant},
    Advice{"90002", wrong_tenant},
    Advice{"900023", wrong_tenant},
    Advice{"7000215", wrong_secret},
    Advice{
        "7000222",
        "make a new secret: az ad app credential reset --id CLIENT-ID --append, and put it in the place of "
        "the old one"},
    Advice{"700016", "check --client-id, and whether the application is known in this tenant (--tenant-id)"},
    Advice{"7000229",
           "the application has no service principal in this tenant: az ad sp create --id CLIENT-ID"},
    Advice{"7000112", "the application is disabled in this tenant: enable its service principal"},
    Advice{"700027",
           "the application must know this certificate: az ad app credential reset --id CLIENT-ID --cert "
           "@FILE --append"},
    Advice{"700024", "is this machine's clock right, and the token renewed by whoever gives it out?"},
    Advice{"70021", no_trust},
    Advice{"700211", no_trust},
    Advice{"700212", no_trust},
    Advice{"700213", no_trust},
    Advice{"7002138", no_trust},
    Advice{"500011", wrong_resource},
    Advice{"1002012", wrong_resource},
    Advice{"53003", "a policy of conditional access forbids it: exempt the application, or this network"},
};

std::string_view number_in(std::string_view description) {
  const auto begin = description.find(mark);
  if (begin == std::string_view::npos) return {};
  description.remove_prefix(begin + mark.size());
  return description.substr(0, std::min(description.find_first_not_of("0123456789"), description.size()));
}

}  // namespace

std::string_view entra_advice(std::string_view description) {
  const auto number = number_in(description);
  const auto* const found = std::find_if(advices.begin(), advices.end(),
                                         [number](const Advice& advice) { return advice.number == number; });
  return found != advices.end() ? found->words : std::string_view{};
}

}  // namespace blobmount
