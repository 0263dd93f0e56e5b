#include "src/testing/faulty_listener.h"

#include <utility>

namespace piperpc::testing {
namespace {

using transport::Pipe;

// How long a client waits to be taken after all.
constexpr base::Duration kAcceptPause = std::chrono::milliseconds(2);

}  // namespace

absl::Status FaultyListener::Listen(transport::Transport& inner, const Endpoint& endpoint,
                                    const transport::ListenOptions& options) {
  auto listener = inner.Listen(loop_, endpoint, options, *this);
  if (!listener.ok()) return listener.status();
  inner_ = *std::move(listener);
  return absl::OkStatus();
}

// Those that wait to be taken are, as by any other listener.
void FaultyListener::Close(absl::AnyInvocable<void()> closed) {
  closing_ = true;
  loop_.Cancel(*this);
  OnTimer();
  inner_->Close(std::move(closed));
}

void FaultyListener::OnConnect(std::unique_ptr<Pipe> pipe) {
  const absl::Status error =
      closing_ ? absl::OkStatus() : faults_.Begin(Operation::kAccept, Side::kServer).error;
  if (error.ok()) return delegate_.OnConnect(wrap_(std::move(pipe)));
  if (!absl::IsResourceExhausted(error)) return;
  waiting_.push_back(std::move(pipe));
  loop_.Schedule(*this, base::After(kAcceptPause, loop_.Now()));
  delegate_.OnAcceptError(error);
}

void FaultyListener::OnRefuse(std::unique_ptr<Pipe> pipe, absl::Status reason) {
  delegate_.OnRefuse(wrap_(std::move(pipe)), std::move(reason));
}

void FaultyListener::OnAcceptError(absl::Status status) {
  delegate_.OnAcceptError(std::move(status));
}

void FaultyListener::OnEndpointRemoved(absl::Status restored) {
  delegate_.OnEndpointRemoved(std::move(restored));
}

void FaultyListener::OnTimer() {
  for (auto& pipe : std::exchange(waiting_, {})) delegate_.OnConnect(wrap_(std::move(pipe)));
}

}  // namespace piperpc::testing
