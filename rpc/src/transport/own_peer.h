// This process as its peers see it; one file per platform behind it.
#pragma once

#include "piperpc/peer.h"

namespace piperpc::transport {

Peer OwnPeer();

}  // namespace piperpc::transport
