#include "piperpc/channel.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "piperpc/internal/threads.h"
#include "src/base/exceptions.h"
#include "src/base/process.h"
#include "src/client/blocking_call.h"
#include "src/client/callback_call.h"
#include "src/client/connector.h"
#include "src/client/options.h"
#include "src/client/state_board.h"
#include "src/client/stream_call.h"

namespace piperpc {
namespace client {
namespace {

// A thread that must not wait, which are those of event loops, and the channel's own, ends the
// calls and leaves the rest to another one, which nobody can wait for: so what the log hook belongs
// to may be gone by then. Where the system refuses one, the core stays, closed, to the end of the
// process. So it does where it belongs to the parent of this process, and is not touched.
void ShutDown(std::shared_ptr<Connector> core) {
  if (core->foreign()) return base::KeepForever(std::move(core));
  if (core->MayWaitHere()) return core->Shutdown();
  core->StopLogging();
  core->Close();
  auto thread =
      internal::StartThread("the thread that shuts a channel down", [core] { core->Shutdown(); });
  if (thread.ok()) return thread->detach();
  base::KeepForever(std::move(core));
}

absl::Status NoTimeToGetReady(std::chrono::milliseconds timeout) {
  return absl::InvalidArgumentError(absl::StrCat("the timeout of WaitUntilReady() is ",
                                                 timeout.count(), " ms; it must be 1 or more"));
}

absl::Status NoTimeToWait(std::chrono::milliseconds timeout) {
  return absl::InvalidArgumentError(absl::StrCat("the timeout of WaitForStateChange() is ",
                                                 timeout.count(), " ms; it must be 0 or more"));
}

class ClientChannel final : public Channel {
 public:
  ClientChannel(absl::StatusOr<transport::Place> place, std::string_view endpoint,
                ChannelOptions options)
      : connector_(std::make_shared<Connector>(std::move(place), endpoint, std::move(options))),
        core_(connector_) {}
  ~ClientChannel() override { ShutDown(std::move(connector_)); }

  absl::Status CallUnary(
      const internal::ClientMethod& method, const internal::OutMessage& request,
      const CallOptions& options,
      absl::FunctionRef<internal::ParseResult(std::span<const char>)> parse) override {
    if (!core_->Claim()) return Core::Foreign();
    return BlockingCall(*core_, method, &request, options, parse).Run(options);
  }

  std::shared_ptr<internal::CallControl> StartUnary(const internal::ClientMethod& method,
                                                    const internal::OutMessage& request,
                                                    const CallOptions& options,
                                                    internal::UnaryDone&& done) override {
    return CallbackCall::Begin(core_, method, request, options, std::move(done));
  }

  std::shared_ptr<internal::ClientStream> OpenStream(const internal::ClientMethod& method,
                                                     const internal::OutMessage* request,
                                                     const CallOptions& options) override {
    return StreamCall::Open(core_, method, request, options);
  }

  absl::Status WaitUntilReady(std::chrono::milliseconds timeout) override {
    if (!core_->Claim()) return Core::Foreign();
    if (timeout.count() <= 0) return NoTimeToGetReady(timeout);
    const internal::ClientMethod hello{"", MethodType::kUnary};
    CallOptions options;
    options.timeout = timeout;
    options.wait_for_ready = timeout;
    const auto no_reply = [](std::span<const char>) { return internal::ParseResult::kParsed; };
    return BlockingCall(*core_, hello, nullptr, options, no_reply).Run(options);
  }

  std::optional<Peer> peer() const override {
    if (!core_->claimed() || core_->foreign()) return std::nullopt;
    const Core::Lock lock(*core_);
    const std::shared_ptr<Connection> connection = connector_->connection();
    if (connection == nullptr) return std::nullopt;
    return connection->peer();
  }

  ChannelStatus state() const override {
    if (core_->foreign()) return {ChannelState::kClosed, Core::Foreign()};
    if (!core_->claimed()) return core_->FirstStatus();
    const Core::Lock lock(*core_);
    return core_->Status();
  }

  absl::Status WaitForStateChange(ChannelState from, std::chrono::milliseconds timeout) override {
    if (!core_->Claim()) return Core::Foreign();
    if (timeout.count() < 0) return NoTimeToWait(timeout);
    const auto instead = [] { return std::string("WatchState()"); };
    if (absl::Status refusal = core_->CheckMayBlock(instead); !refusal.ok()) return refusal;
    Core::Lock lock(*core_);
    return core_->WaitForOtherState(lock, from, timeout);
  }

  StateWatch WatchState(StateCallback on_state) override {
    if (on_state == nullptr) return StateWatch();
    if (!core_->Claim()) {
      base::RunSilently([&] { on_state({ChannelState::kClosed, Core::Foreign()}); });
      return StateWatch();
    }
    auto watcher = std::make_shared<StateWatcher>(core_, std::move(on_state));
    watcher->Start();
    return StateWatch(std::move(watcher));
  }

  std::size_t connections_made() const override {
    if (!core_->claimed() || core_->foreign()) return 0;
    const Core::Lock lock(*core_);
    return connector_->connections_made();
  }

  void Close() override {
    if (core_->Claim()) connector_->Close();
  }

 private:
  std::shared_ptr<Connector> connector_;
  const std::shared_ptr<Core> core_;  // The same, as calls keep it.
};

}  // namespace
}  // namespace client

absl::Status CheckChannel(std::string_view endpoint, const ChannelOptions& options) {
  return client::CheckPlace(endpoint, options).status();
}

std::shared_ptr<Channel> Connect(std::string_view endpoint, ChannelOptions options) {
  auto place = client::CheckPlace(endpoint, options);
  return std::make_shared<client::ClientChannel>(std::move(place), endpoint, std::move(options));
}

std::shared_ptr<Channel> ConnectOver(OpenSocket socket, ChannelOptions options) {
  const std::string text = socket.ToString();
  std::shared_ptr<transport::Transport> over;
  auto place = client::CheckPlaceOver(std::move(socket), options, over);
  return std::make_shared<client::ClientChannel>(std::move(place), text, std::move(options));
}

}  // namespace piperpc
