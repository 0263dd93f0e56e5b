// The interfaces under CoReader, Reader and Writer.
#pragma once

#include <coroutine>
#include <optional>
#include <span>

#include "absl/functional/function_ref.h"
#include "piperpc/export.h"
#include "piperpc/internal/codec.h"

namespace piperpc::internal {

// The requests that have arrived for one call. Runs on the call's executor.
class PIPERPC_EXPORT InboundStream {
 public:
  // True when Pop() has an answer: a message, the end, or the stop of the call.
  virtual bool Ready() = 0;

  // Resumes `waiter` when Ready() has become true. One at a time.
  virtual void ResumeWhenReady(std::coroutine_handle<> waiter) = 0;

  // The waiter, if any, is going away and must not be resumed.
  virtual void Forget() = 0;

  // Calls `parse` with the oldest message, returns its credit to the client, and returns true.
  // False at the end, and when `parse` cannot parse it: then the call ends with INVALID_ARGUMENT.
  virtual bool Pop(absl::FunctionRef<ParseResult(std::span<const char>)> parse) = 0;

 protected:
  ~InboundStream() = default;
};

template <typename T>
class BlockingSource {
 public:
  virtual std::optional<T> Next() = 0;  // Waits. Worker thread.

 protected:
  ~BlockingSource() = default;
};

template <typename T>
class BlockingSink {
 public:
  virtual bool Write(T message) = 0;  // Waits. Worker thread.

 protected:
  ~BlockingSink() = default;
};

}  // namespace piperpc::internal
