// A pipe whose packets a PacketObserver sees. Connections know nothing of it, and where nobody
// observes, there is none.
#pragma once

#include <functional>
#include <memory>

#include "piperpc/packet_observer.h"
#include "src/base/clock.h"
#include "src/transport/pipe.h"

namespace piperpc::transport {

struct Observation {
  PacketObserver* observer;              // Null: nobody observes.
  const void* owner;                     // Whose pipe it is; see IsObserving().
  std::function<base::TimePoint()> now;  // The time of the pipe's transport.
};

// `pipe` as the observer sees it: itself, where there is none, or it does not want to see it.
std::unique_ptr<Pipe> Observe(std::unique_ptr<Pipe> pipe, Observation observation);

// This thread runs code of an observer of `owner`'s pipes.
bool IsObserving(const void* owner);

}  // namespace piperpc::transport
