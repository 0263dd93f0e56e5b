#include "src/testing/faulty_transport.h"

#include <utility>

#include "src/testing/clock_loop.h"
#include "src/testing/faulty_listener.h"

namespace piperpc::testing {

using transport::EventLoop;
using transport::Listener;
using transport::Pipe;

FaultyTransport::FaultyTransport(std::shared_ptr<Transport> inner,
                                 std::shared_ptr<FaultSource> faults,
                                 std::shared_ptr<internal::ClockSource> clock)
    : inner_(std::move(inner)), faults_(std::move(faults)), clock_(std::move(clock)) {
  if (clock_ != nullptr) clock_threads_ = std::make_unique<ClockThreads>(clock_);
}

base::TimePoint FaultyTransport::Now() const {
  return clock_ != nullptr ? clock_->Now() : inner_->Now();
}

transport::ClientThreads& FaultyTransport::threads() {
  if (clock_threads_ != nullptr) return *clock_threads_;
  return inner_->threads();
}

absl::StatusOr<std::unique_ptr<EventLoop>> FaultyTransport::NewLoop() {
  if (absl::Status error = faults_->Begin(Operation::kNewLoop, Side::kServer).error; !error.ok()) {
    return error;
  }
  if (clock_ == nullptr) return inner_->NewLoop();
  return std::make_unique<ClockLoop>(clock_);
}

absl::StatusOr<std::unique_ptr<Listener>> FaultyTransport::Listen(
    EventLoop& loop, const Endpoint& endpoint, const transport::ListenOptions& options,
    Listener::Delegate& delegate) {
  if (absl::Status error = faults_->Begin(Operation::kListen, Side::kServer).error; !error.ok()) {
    return error;
  }
  auto listener = std::make_unique<FaultyListener>(
      loop, *faults_,
      [this](std::unique_ptr<Pipe> pipe) { return Wrap(std::move(pipe), Side::kServer); },
      delegate);
  if (absl::Status status = listener->Listen(*inner_, endpoint, options); !status.ok()) {
    return status;
  }
  return listener;
}

// A full queue is waited for in the time of the system: in that of a test it may stand still.
absl::StatusOr<std::unique_ptr<Pipe>> FaultyTransport::Connect(
    const Endpoint& endpoint, const transport::ConnectOptions& options) {
  if (absl::Status error = faults_->Begin(Operation::kConnect, Side::kClient).error; !error.ok()) {
    return error;
  }
  transport::ConnectOptions within = options;
  if (clock_ != nullptr) within.deadline = base::After(options.deadline - clock_->Now());
  auto pipe = inner_->Connect(endpoint, within);
  if (!pipe.ok()) return pipe.status();
  return Wrap(*std::move(pipe), Side::kClient);
}

std::unique_ptr<Pipe> FaultyTransport::Wrap(std::unique_ptr<Pipe> pipe, Side side) {
  const FaultyPipe::Place place{*faults_, live_, [this] { return Now(); }};
  return std::make_unique<FaultyPipe>(std::move(pipe), place, side);
}

}  // namespace piperpc::testing
