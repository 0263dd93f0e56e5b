#include "piperpc/server.h"

#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <utility>

#include "piperpc/async.h"
#include "piperpc/endpoint.h"
#include "src/server/acceptor.h"
#include "src/server/dispatcher.h"
#include "src/server/options.h"
#include "src/server/server_loop.h"
#include "src/transport/transport.h"

namespace piperpc {
namespace {

// What calls get to end by themselves, once they have been stopped.
constexpr Duration kStopGrace = std::chrono::milliseconds(500);

// More than any of its parts may take, so that a shutdown always ends.
constexpr Duration kCloseLimit = 2 * transport::kDrainLimit;

}  // namespace

class Server::Impl {
 public:
  explicit Impl(ServerOptions options)
      : options_(std::move(options)),
        workers_(options_.worker_threads, options_.worker_queue),
        core_{options_, dispatcher_, workers_},
        acceptor_(core_) {}

  absl::Status AddService(Service& service) {
    if (!loops_.empty())
      return absl::FailedPreconditionError("the server has been started already");
    return dispatcher_.Add(service);
  }

  absl::Status Start(std::string_view endpoint) {
    if (!loops_.empty())
      return absl::FailedPreconditionError("the server has been started already");
    if (absl::Status status = server::CheckOptions(options_); !status.ok()) return status;
    auto parsed = Endpoint::Parse(endpoint);
    if (!parsed.ok()) return parsed.status();
    absl::Status status = Listen(*parsed);
    if (!status.ok()) {
      loops_.clear();
      return status;
    }
    for (auto& loop : loops_) loop->Start();
    core_.Log(LogLevel::kInfo, "listening", [&] {
      return server::LogFields{{"endpoint", parsed->text()},
                               {"address", parsed->address()},
                               {"backend", std::string(transport_->name())}};
    });
    return absl::OkStatus();
  }

  ShutdownReport Shutdown(std::chrono::milliseconds grace) {
    std::lock_guard lock(shutdown_mutex_);
    if (!report_) report_ = loops_.empty() ? ShutdownReport() : ShutDown(grace);
    return *report_;
  }

  std::vector<std::string> service_names() const { return dispatcher_.service_names(); }
  ServerStats stats() const {
    std::size_t calls = 0;
    for (const auto& loop : loops_) calls += loop->calls();
    return {acceptor_.connections(), calls};
  }

 private:
  absl::Status Listen(const Endpoint& endpoint) {
    if (absl::Status status = ChooseTransport(); !status.ok()) return status;
    std::vector<server::ServerLoop*> loops;
    for (std::size_t i = 0; i < options_.event_loops; ++i) {
      auto loop = transport_->NewLoop();
      if (!loop.ok()) return loop.status();
      (*loop)->set_spin(options_.spin);
      loops_.push_back(std::make_unique<server::ServerLoop>(
          core_, *std::move(loop), [this](const Peer& peer) { OnGone(peer); }));
      loops.push_back(loops_.back().get());
    }
    acceptor_.set_loops(std::move(loops));
    const transport::ListenOptions listen{.access = options_.access,
                                          .waiting_instances = options_.waiting_instances,
                                          .max_connections = options_.max_connections};
    auto listener = transport_->Listen(loops_.front()->loop(), endpoint, listen, acceptor_);
    if (!listener.ok()) return listener.status();
    listener_ = *std::move(listener);
    return absl::OkStatus();
  }

  absl::Status ChooseTransport() {
    transport_ = options_.transport;
    if (transport_ != nullptr) return absl::OkStatus();
    auto chosen = transport::SystemTransport(options_.backend);
    if (!chosen.ok()) return chosen.status();
    transport_ = *chosen;
    return absl::OkStatus();
  }

  ShutdownReport ShutDown(std::chrono::milliseconds grace) {
    ShutdownReport report;
    CloseListener();
    for (auto& loop : loops_) loop->DrainAll();
    if (!WaitUntilGone(grace)) {
      for (auto& loop : loops_) {
        loop->StopAllCalls(absl::UnavailableError("the server shuts down"));
      }
      if (!WaitUntilGone(kStopGrace)) AbortCalls(report);
      WaitUntilGone(kCloseLimit);
    }
    for (auto& loop : loops_) loop->Stop();
    workers_.Stop();
    core_.Log(LogLevel::kInfo, "stopped", [&report] {
      return server::LogFields{{"aborted_calls", std::to_string(report.aborted.size())}};
    });
    return report;
  }

  void CloseListener() {
    std::promise<void> closed;
    loops_.front()->loop().Post([&] { listener_->Close([&] { closed.set_value(); }); });
    closed.get_future().wait();
  }

  void AbortCalls(ShutdownReport& report) {
    for (auto& loop : loops_) {
      for (std::string& call : loop->AbortAllCalls()) report.aborted.push_back(std::move(call));
    }
  }

  void OnGone(const Peer& peer) {
    acceptor_.OnGone(peer);
    std::lock_guard lock(gone_mutex_);
    gone_.notify_all();
  }

  bool WaitUntilGone(Duration limit) {
    std::unique_lock lock(gone_mutex_);
    return gone_.wait_until(lock, After(limit), [this] { return acceptor_.connections() == 0; });
  }

  const ServerOptions options_;
  server::Dispatcher dispatcher_;
  WorkerPool workers_;
  server::ServerCore core_;
  server::Acceptor acceptor_;
  transport::Transport* transport_ = nullptr;
  std::vector<std::unique_ptr<server::ServerLoop>> loops_;
  std::unique_ptr<transport::Listener> listener_;

  std::mutex gone_mutex_;
  std::condition_variable gone_;

  std::mutex shutdown_mutex_;
  std::optional<ShutdownReport> report_;
};

Server::Server(ServerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Server::~Server() { Shutdown(std::chrono::milliseconds(0)); }

absl::Status Server::AddService(Service& service) { return impl_->AddService(service); }

absl::Status Server::Start(std::string_view endpoint) { return impl_->Start(endpoint); }

ShutdownReport Server::Shutdown(std::chrono::milliseconds grace) { return impl_->Shutdown(grace); }

std::vector<std::string> Server::service_names() const { return impl_->service_names(); }

ServerStats Server::stats() const { return impl_->stats(); }

}  // namespace piperpc
