// A service and a client whose source has macros of their methods' names.
#pragma once

#include <memory>
#include <string>

#include "piperpc/channel.h"
#include "piperpc/service.h"

namespace piperpc::testing {

// system_macros.v1.Create, whose GetMessage, DELETE and max return their requests.
std::unique_ptr<Service> NewEcho();

// Calls system_macros.v1.Device/major, and returns the message of its error.
std::string CallMajor(std::shared_ptr<Channel> channel);

}  // namespace piperpc::testing
