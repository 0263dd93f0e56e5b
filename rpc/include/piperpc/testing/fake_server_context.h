// A ServerContext in the hands of a test, which runs handlers without a server.
//
//     Greeter greeter;
//     GreeterService& service = greeter;  // There, handlers are public.
//     piperpc::testing::FakeServerContext context;
//     context.AddMetadata("tenant", "a");
//     EXPECT_THAT(context.Run(service.CoGreet(context, request)), IsOk());
//     EXPECT_THAT(context.trailers(), ElementsAre(Pair("cost", "1")));
//
// Run the coroutine form, CoX(): where a service overrides the blocking form, that one runs the
// blocking one on a worker, as with a server. Middleware, access rules, limits, and what passes
// through a pipe are left out; InProcessServer (in_process_server.h) has all of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/async.h"
#include "piperpc/executor.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/server_context.h"
#include "piperpc/stream.h"
#include "piperpc/task.h"
#include "piperpc/testing/internal/handler_run.h"

namespace piperpc::testing {

// What a handler gave that streams its replies.
template <typename Response>
struct StreamedReplies {
  std::vector<Response> messages;
  absl::Status status;  // How it ended.
};

// The context of one call, which begins with it. Functions that set what the handler sees: before
// it runs; the others on any thread. Must outlive its handlers. traffic() is not counted.
class FakeServerContext final : public ServerContext {
 public:
  // Handlers run on a thread, and on workers, of this context, which start when they are needed.
  FakeServerContext();

  // Handlers run on an executor, and on workers, of the test, which outlive this. Run() must be
  // called on another thread than that of `executor`.
  FakeServerContext(Executor& executor, WorkerPool& workers);

  // Waits for blocking handlers that still run.
  ~FakeServerContext();
  FakeServerContext(const FakeServerContext&) = delete;
  FakeServerContext& operator=(const FakeServerContext&) = delete;

  // --- What the handler sees, beside session(), which has the user who has logged in. ---

  void set_method(std::string method);  // "test.v1.TestService/Method", if none is set.
  void set_peer(Peer peer);             // If none is set: process 1, user and group "test".
  void AddMetadata(std::string_view key, std::string_view value);

  // None is set: the call has none. Nothing happens when it passes: Cancel() does what would.
  void set_deadline(std::chrono::steady_clock::time_point deadline);

  // --- What happens to the call. ---

  // The caller has cancelled or disconnected, or the deadline has passed: stop_token() stops.
  // Before a handler runs, or meanwhile.
  void Cancel();

  // The server begins to shut down: drain_token() stops.
  void Drain();

  // --- What the handler did. ---

  Metadata trailers() const;

  // The reason of its Stop(); OK: it has not called that.
  absl::Status stopped() const;

  // --- Running a handler. Blocks; not on an event loop. One at a time. ---

  // Its response or error; INTERNAL: it threw. DEADLINE_EXCEEDED: it did not end within a minute.
  template <typename Response>
  absl::StatusOr<Response> Run(Task<absl::StatusOr<Response>> handler) {
    internal::TaskRun<Response> run(std::move(handler));
    if (absl::Status status = Execute(run); !status.ok()) return status;
    return run.Take();
  }

  // The same of a handler that streams its replies. When `most` of them have come the call is
  // cancelled: for streams that would not end. Then, as with a server, a coroutine is destroyed at
  // its yield.
  template <typename Response>
  StreamedReplies<Response> Run(Stream<Response> handler,
                                std::size_t most = std::numeric_limits<std::size_t>::max()) {
    internal::StreamRun<Response> run(std::move(handler), most, stop_token(), [this] { Cancel(); });
    absl::Status status = Execute(run);
    if (status.ok()) status = run.status();
    return {run.TakeMessages(), std::move(status)};
  }

  // --- ServerContext ---

  std::string_view method() const override { return method_; }
  const Peer& peer() const override { return peer_; }
  const Metadata& metadata() const override { return metadata_; }
  std::chrono::steady_clock::time_point deadline() const override { return deadline_; }
  std::chrono::steady_clock::time_point started() const override { return started_; }
  CallTraffic traffic() const override { return {}; }
  std::stop_token stop_token() override { return stop_.get_token(); }
  std::stop_token drain_token() override { return drain_.get_token(); }
  void Stop(absl::Status reason) override;
  CallValues& values() override { return values_; }
  SessionState& session() override { return session_; }
  void AddTrailer(std::string_view key, std::string_view value) override;
  Executor& executor() override;
  WorkerPool& workers() override;

 private:
  class Threads;

  absl::Status Execute(internal::HandlerRun& run);
  void RequestStops(bool also_stop);

  std::string method_ = "test.v1.TestService/Method";
  Peer peer_{1, "test", "test"};
  Metadata metadata_;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::stop_source stop_;
  std::stop_source drain_;
  CallValues values_;
  SessionState session_;

  mutable internal::Mutex mutex_;
  Metadata trailers_ ABSL_GUARDED_BY(mutex_);
  absl::Status stopped_ ABSL_GUARDED_BY(mutex_);
  const std::unique_ptr<Threads> threads_;  // They go first.
};

}  // namespace piperpc::testing
