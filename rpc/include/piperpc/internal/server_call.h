// The seam between generated code and the server: one call in flight, without its types.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "piperpc/export.h"
#include "piperpc/internal/codec.h"
#include "piperpc/internal/streams.h"
#include "piperpc/server_context.h"
#include "piperpc/stream.h"

namespace piperpc::internal {

// A running handler: owns its coroutine, which goes away with it.
class PIPERPC_EXPORT Handler {
 public:
  virtual ~Handler() = default;
};

// Room for one handler inside its call: it is little more than the owner of a coroutine's frame.
class HandlerSlot {
 public:
  HandlerSlot() = default;
  ~HandlerSlot() { Reset(); }
  HandlerSlot(const HandlerSlot&) = delete;
  HandlerSlot& operator=(const HandlerSlot&) = delete;

  // Once, or after Reset().
  template <typename H, typename... Arguments>
  H& Emplace(Arguments&&... arguments) {
    static_assert(sizeof(H) <= kBytes);
    static_assert(alignof(H) <= kAlignment);
    H* const handler =
        std::construct_at(reinterpret_cast<H*>(room_), std::forward<Arguments>(arguments)...);
    handler_ = handler;
    return *handler;
  }

  void Reset() {
    if (Handler* const gone = std::exchange(handler_, nullptr)) std::destroy_at(gone);
  }

 private:
  static constexpr std::size_t kBytes = 4 * sizeof(void*);
  static constexpr std::size_t kAlignment = alignof(void*);

  Handler* handler_ = nullptr;
  alignas(kAlignment) std::byte room_[kBytes];
};

// Everything here runs on the call's executor. A call ends with the first of Finish(),
// FinishWith(), End() and Throw(); what comes after that is ignored.
class PIPERPC_EXPORT ServerCall : public StreamSink, public InboundStream {
 public:
  virtual ServerContext& context() = 0;

  // The bytes of the only request message, of a unary or server-streaming call. Valid until the
  // method's start() returns.
  virtual std::span<const char> request() const = 0;

  // Where the handler lives until the call has ended and nothing of it runs any more.
  virtual HandlerSlot& handler() = 0;

  // Ends the call with a status and no message.
  virtual void Finish(absl::Status status) = 0;

 protected:
  ~ServerCall() = default;
};

}  // namespace piperpc::internal
