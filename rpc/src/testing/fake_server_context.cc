#include "piperpc/testing/fake_server_context.h"

#include <optional>
#include <utility>

#include "piperpc/internal/exceptions.h"
#include "src/base/fatal.h"
#include "src/connection/loop_executor.h"
#include "src/transport/transport.h"

namespace piperpc {
namespace internal {

absl::Status HandlerThrew(const std::exception_ptr& thrown) {
  return absl::InternalError("the handler threw: " + DescribeException(thrown));
}

void RunEnd::Set() {
  const MutexLock lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

bool RunEnd::Wait(std::chrono::steady_clock::duration limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  MutexLock lock(mutex_);
  bool in_time = true;
  while (!ended_ && in_time) in_time = lock.WaitUntil(changed_, end);
  return ended_;
}

}  // namespace internal

namespace testing {
namespace {

// No handler takes so long.
constexpr std::chrono::minutes kTooLong{1};

// As many as a test needs: the rest of the limits is for InProcessServer.
constexpr std::size_t kWorkers = 16;
constexpr std::size_t kQueue = 1024;

}  // namespace

// Where handlers run: what the test has given, or what is made on demand.
class FakeServerContext::Threads {
 public:
  Threads() = default;
  Threads(Executor& executor, WorkerPool& workers) : executor_(&executor), workers_(&workers) {}
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  // Null: there is none yet.
  Executor* found_executor() {
    const internal::MutexLock lock(mutex_);
    return executor_;
  }

  Executor& executor() {
    const internal::MutexLock lock(mutex_);
    if (executor_ == nullptr) executor_ = &StartLoop();
    return *executor_;
  }

  WorkerPool& workers() {
    const internal::MutexLock lock(mutex_);
    if (workers_ == nullptr) workers_ = &own_workers_.emplace(kWorkers, kQueue);
    return *workers_;
  }

 private:
  Executor& StartLoop() {
    loop_.emplace(*transport_->NewLoop());
    if (absl::Status status = loop_->Start(); !status.ok()) {
      base::EndProcess("FakeServerContext: " + std::string(status.message()));
    }
    return loop_->executor();
  }

  const std::unique_ptr<transport::Transport> transport_ = transport::NewMemoryTransport();
  internal::Mutex mutex_;
  Executor* executor_ ABSL_GUARDED_BY(mutex_) = nullptr;
  WorkerPool* workers_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::optional<connection::LoopThread> loop_;
  std::optional<WorkerPool> own_workers_;  // Goes first: what it ends may post to the loop.
};

FakeServerContext::FakeServerContext() : threads_(std::make_unique<Threads>()) {}

FakeServerContext::FakeServerContext(Executor& executor, WorkerPool& workers)
    : threads_(std::make_unique<Threads>(executor, workers)) {}

FakeServerContext::~FakeServerContext() = default;

void FakeServerContext::set_method(std::string method) { method_ = std::move(method); }

void FakeServerContext::set_peer(Peer peer) { peer_ = std::move(peer); }

void FakeServerContext::AddMetadata(std::string_view key, std::string_view value) {
  metadata_.emplace_back(key, value);
}

void FakeServerContext::set_deadline(std::chrono::steady_clock::time_point deadline) {
  deadline_ = deadline;
}

void FakeServerContext::Cancel() { RequestStops(true); }

void FakeServerContext::Drain() { RequestStops(false); }

// As with a server, callbacks of the tokens run where the handler does.
void FakeServerContext::RequestStops(bool also_stop) {
  auto request = [stop = stop_, drain = drain_, also_stop]() mutable {
    drain.request_stop();
    if (also_stop) stop.request_stop();
  };
  Executor* const executor = threads_->found_executor();
  if (executor == nullptr || executor == Executor::Current()) return request();
  executor->Post(std::move(request));
}

Metadata FakeServerContext::trailers() const {
  const internal::MutexLock lock(mutex_);
  return trailers_;
}

absl::Status FakeServerContext::stopped() const {
  const internal::MutexLock lock(mutex_);
  return stopped_;
}

void FakeServerContext::Stop(absl::Status reason) {
  if (stop_.stop_requested()) return;
  {
    const internal::MutexLock lock(mutex_);
    stopped_ = std::move(reason);
  }
  Cancel();
}

void FakeServerContext::AddTrailer(std::string_view key, std::string_view value) {
  const internal::MutexLock lock(mutex_);
  trailers_.emplace_back(key, value);
}

Executor& FakeServerContext::executor() { return threads_->executor(); }

WorkerPool& FakeServerContext::workers() { return threads_->workers(); }

// The coroutine begins and goes away on its executor, as it would with a server.
absl::Status FakeServerContext::Execute(internal::HandlerRun& run) {
  if (Executor::Current() != nullptr) {
    return absl::FailedPreconditionError(
        "FakeServerContext::Run() would block the thread of an event loop; call it on another one");
  }
  Executor& where = executor();
  internal::RunEnd ended;
  where.Post([&] { run.Start(ended); });
  const bool in_time = ended.Wait(kTooLong);
  if (!in_time) Cancel();
  internal::RunEnd destroyed;
  where.Post([&] {
    run.Destroy();
    destroyed.Set();
  });
  if (!destroyed.Wait(kTooLong)) {
    base::EndProcess("FakeServerContext: a handler blocks the thread of its event loop");
  }
  if (in_time) return absl::OkStatus();
  return absl::DeadlineExceededError(
      "the handler has not ended within a minute; Cancel() ends a call that waits for its caller");
}

}  // namespace testing
}  // namespace piperpc
