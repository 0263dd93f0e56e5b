// A pipe whose packets a PacketObserver sees. Connections know nothing of it, and where nobody
// observes, there is none.
#pragma once

#include <functional>
#include <memory>

#include "piperpc/packet_observer.h"
#include "src/base/clock.h"
#include "src/transport/pipe.h"

namespace piperpc::connection {

// `pipe` as `observer` sees it: itself, where `observer` is null, or does not want to see it.
// `now`: the time of the pipe's transport.
std::unique_ptr<transport::Pipe> Observe(PacketObserver* observer,
                                         std::unique_ptr<transport::Pipe> pipe,
                                         std::function<base::TimePoint()> now);

// This thread runs an observer's code.
bool InPacketObserver();

}  // namespace piperpc::connection
