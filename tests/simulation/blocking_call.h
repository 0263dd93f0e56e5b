// A call that a thread of the user's blocks in.
#pragma once

#include "piperpc/raw_client.h"
#include "simulation/ledger.h"

namespace piperpc::simulation {

// Returns when it has ended.
void RunBlockingCall(const RawClient& client, Ledger& ledger, const CallPlan& plan,
                     const CallOptions& options);

}  // namespace piperpc::simulation
