#pragma once

/// What requests cost, as far as their number tells: arithmetic.

#include <vector>

#include "blobmount/config.hpp"

#include "http/request_counts.hpp"

namespace blobmount {

/// An estimate, in the currency of `prices`. The service bills what it answers, refusals like 404 and 412
/// included, but not its own failures (5xx) and throttling (429); tokens cost nothing. Bytes that leave a
/// region, and what reads of the Cool tier cost more, are not in it.
/// https://azure.microsoft.com/pricing/details/storage/blobs/
double cost_of(const std::vector<OperationCounts>& requests, const RequestPrices& prices);

}  // namespace blobmount
