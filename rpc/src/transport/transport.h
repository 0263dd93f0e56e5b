// A family of pipes, listeners and loops that work together. Code above the transport module holds
// a Transport and never names a backend.
#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "piperpc/access.h"
#include "piperpc/endpoint.h"
#include "piperpc/open_socket.h"
#include "src/base/clock.h"
#include "src/base/export_to_testing.h"
#include "src/base/text.h"
#include "src/transport/client_threads.h"
#include "src/transport/event_loop.h"
#include "src/transport/listener.h"
#include "src/transport/pipe.h"

namespace piperpc::transport {

struct ConnectOptions {
  base::TimePoint deadline{};  // For the whole of Connect().
};

class Transport {
 public:
  virtual ~Transport() = default;

  // "memory", "epoll", "io_uring" or "iocp": what its loops are, or the first choice for them.
  virtual std::string_view name() const = 0;

  // The time of its loops, and of the deadlines that it is given. Any thread.
  virtual base::TimePoint Now() const { return base::Clock::now(); }

  // Those of its clients. They may be used after it has gone, unless they are its own.
  virtual ClientThreads& threads() { return SystemClientThreads(); }

  // What keeps it alive, for those who may need it longer than they are told; null where that is
  // for its owner to see to.
  virtual std::shared_ptr<Transport> Share() { return nullptr; }

  // An endpoint of this transport. INVALID_ARGUMENT tells what is wrong with `text`.
  virtual absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text) const {
    return Endpoint::Parse(text);
  }

  // A loop for pipes and listeners of this transport. RESOURCE_EXHAUSTED or FAILED_PRECONDITION
  // when the system refuses.
  virtual absl::StatusOr<std::unique_ptr<EventLoop>> NewLoop() = 0;

  // What Listen() would refuse of `access` there without asking the system for anything.
  virtual absl::Status CheckAccess(const Endpoint& /*endpoint*/, const Access& /*access*/) {
    return absl::OkStatus();
  }

  // This many pipes more fit into the process, by the system's limit of descriptors, if nothing
  // else takes any. The largest number: there is no such limit.
  virtual std::size_t Capacity() const { return std::numeric_limits<std::size_t>::max(); }

  // Starts to listen at `endpoint`; see listener.h. Before the loop runs, or on its thread.
  // ALREADY_EXISTS: a live server is there. PERMISSION_DENIED and INVALID_ARGUMENT name the reason.
  virtual absl::StatusOr<std::unique_ptr<Listener>> Listen(EventLoop& loop,
                                                           const Endpoint& endpoint,
                                                           const ListenOptions& options,
                                                           Listener::Delegate& delegate) = 0;

  // Connects on the calling thread, and gives a detached pipe. UNAVAILABLE: no server is there.
  // DEADLINE_EXCEEDED: a server is there, but had no free instance until the deadline.
  // FAILED_PRECONDITION: something else is there (NotAServer()).
  // RESOURCE_EXHAUSTED: the system has no more descriptors, or memory.
  // PERMISSION_DENIED: the pipe refused us, or its server is not the owner we trust. Each text
  // names the endpoint and the rule.
  virtual absl::StatusOr<std::unique_ptr<Pipe>> Connect(const Endpoint& endpoint,
                                                        const ConnectOptions& options) = 0;

  // The transport that its loops are of.
  virtual const Transport& loops() const { return *this; }

  // A transport with the same loops for sockets that are open already, at any endpoint: Listen()
  // serves them all, and Connect() takes the first one, which must be connected, and no other.
  // Each is used once. UNIMPLEMENTED: this one has no use for sockets.
  virtual absl::StatusOr<std::shared_ptr<Transport>> Over(std::vector<OpenSocket> /*sockets*/) {
    return absl::UnimplementedError(absl::StrCat("the transport \"", base::ToAbsl(name()),
                                                 "\" cannot use sockets that are open already"));
  }
};

// FAILED_PRECONDITION: what is at `endpoint` does not speak PipeRPC, as `why` shows.
inline absl::Status NotAServer(std::string_view endpoint, std::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat(base::ToAbsl(endpoint), " is not a PipeRPC server (", base::ToAbsl(why), ")"));
}

// The transport of this system. `backend` is "auto" or one of the names above that this system has;
// else INVALID_ARGUMENT names those it has. "auto" takes the best one that the system allows at
// this moment. The object lives as long as the process.
absl::StatusOr<Transport*> SystemTransport(std::string_view backend);

// A transport inside this process: endpoints are names in the object, nothing leaves it. For tests
// and for services that live in one process with their clients. Must outlive what it makes.
PIPERPC_EXPORT_TO_TESTING std::unique_ptr<Transport> NewMemoryTransport();

}  // namespace piperpc::transport
