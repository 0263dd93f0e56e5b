// A transport around another one whose operations fail where a FaultSource says so, and whose time
// may be a test's.
#pragma once

#include <memory>
#include <string_view>

#include "src/testing/clock_source.h"
#include "src/testing/clock_threads.h"
#include "src/testing/fault_source.h"
#include "src/testing/faulty_pipe.h"
#include "src/transport/transport.h"

namespace piperpc::testing {

class FaultyTransport final : public transport::Transport,
                              public std::enable_shared_from_this<FaultyTransport> {
 public:
  // `clock`: null, the time is that of `inner`; else `inner` is one inside this process.
  FaultyTransport(std::shared_ptr<transport::Transport> inner, std::shared_ptr<FaultSource> faults,
                  std::shared_ptr<internal::ClockSource> clock = nullptr);

  // As if the peers of all connections had gone. Any thread.
  void CutAll() { live_.CutAll(); }

  // Packets that were to be handed on later are handed on now. Any thread.
  void ReleaseAll() { live_.ReleaseAll(); }

  std::string_view name() const override { return inner_->name(); }
  base::TimePoint Now() const override;
  transport::ClientThreads& threads() override;
  std::shared_ptr<Transport> Share() override { return weak_from_this().lock(); }
  absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text) const override {
    return inner_->ParseEndpoint(text);
  }
  absl::Status CheckAccess(const Endpoint& endpoint, const Access& access) override {
    return inner_->CheckAccess(endpoint, access);
  }
  std::size_t Capacity() const override { return inner_->Capacity(); }

  absl::StatusOr<std::unique_ptr<transport::EventLoop>> NewLoop() override;
  absl::StatusOr<std::unique_ptr<transport::Listener>> Listen(
      transport::EventLoop& loop, const Endpoint& endpoint, const transport::ListenOptions& options,
      transport::Listener::Delegate& delegate) override;
  absl::StatusOr<std::unique_ptr<transport::Pipe>> Connect(
      const Endpoint& endpoint, const transport::ConnectOptions& options) override;

 private:
  std::unique_ptr<transport::Pipe> Wrap(std::unique_ptr<transport::Pipe> pipe, Side side);

  const std::shared_ptr<transport::Transport> inner_;
  const std::shared_ptr<FaultSource> faults_;
  const std::shared_ptr<internal::ClockSource> clock_;
  std::unique_ptr<ClockThreads> clock_threads_;  // Null without a clock.
  LivePipes live_;
};

}  // namespace piperpc::testing
