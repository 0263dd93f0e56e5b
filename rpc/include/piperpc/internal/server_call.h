// The seam between generated code and the server: one call in flight, without its types.
#pragma once

#include <memory>
#include <span>

#include "absl/status/status.h"
#include "piperpc/internal/codec.h"
#include "piperpc/internal/streams.h"
#include "piperpc/server_context.h"
#include "piperpc/stream.h"

namespace piperpc::internal {

// A running handler: owns its coroutine, which goes away with it.
class Handler {
 public:
  virtual ~Handler() = default;
};

// Everything here runs on the call's executor. A call ends with the first of Finish(), FinishWith()
// and End(); what comes after that is ignored.
class ServerCall : public StreamSink, public InboundStream {
 public:
  virtual ServerContext& context() = 0;

  // The bytes of the only request message, of a unary or server-streaming call. Valid until the
  // method's start() returns.
  virtual std::span<const char> request() const = 0;

  // Keeps `handler` until the call has ended and nothing of it runs any more; gives a reference to
  // it, to be started with.
  template <typename H>
  H& Own(std::unique_ptr<H> handler) {
    H& kept = *handler;
    Keep(std::move(handler));
    return kept;
  }

  // Ends the call with a status and no message, or with OK and the one response message.
  virtual void Finish(absl::Status status) = 0;
  virtual void FinishWith(const OutMessage& response) = 0;

 protected:
  ~ServerCall() = default;
  virtual void Keep(std::unique_ptr<Handler> handler) = 0;
};

}  // namespace piperpc::internal
