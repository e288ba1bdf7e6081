#include "tree/freshness.hpp"

namespace blobmount {
namespace {

/// stat may show what is ten times as old as what open accepts, and so may a walk.
constexpr int lenience = 10;
/// Longer than any mount lasts, and short enough to be added to a time.
constexpr Duration for_ever = std::chrono::hours{24 * 365 * 50};

Freshness all_of(Duration age) {
  const MaximumAge any{.present = age, .absent = age};
  return {.lookup = any, .open = any, .listing = {.opened = age, .walked = age}};
}

}  // namespace

Freshness freshness_of(const TreeConfig& config) {
  switch (config.consistency.kind) {
    case Consistency::Kind::cached:
      return all_of(config.consistency.age);
    case Consistency::Kind::immutable:
      return all_of(for_ever);
    case Consistency::Kind::close_to_open:
      break;
  }
  const auto ttl = config.attr_ttl;
  return {.lookup = {.present = ttl * lenience, .absent = ttl},
          .open = {.present = ttl, .absent = ttl},
          .listing = {.opened = ttl, .walked = ttl * lenience}};
}

}  // namespace blobmount
