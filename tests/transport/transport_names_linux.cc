#include "fixture.h"

namespace piperpc::transport {

std::vector<std::string> TransportNames() { return {"memory", "epoll", "io_uring"}; }

}  // namespace piperpc::transport
