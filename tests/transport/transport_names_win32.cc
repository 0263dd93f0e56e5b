#include "fixture.h"

namespace piperpc::transport {

std::vector<std::string> TransportNames() { return {"memory", "iocp"}; }

}  // namespace piperpc::transport
