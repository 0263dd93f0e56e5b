#include "piperpc/server.h"

#include <atomic>
#include <condition_variable>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "piperpc/async.h"
#include "piperpc/executor.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/metrics.h"
#include "src/base/fatal.h"
#include "src/base/process.h"
#include "src/base/text.h"
#include "src/server/dispatcher.h"
#include "src/server/options.h"
#include "src/server/server_budgets.h"
#include "src/server/server_loops.h"
#include "src/server/this_thread.h"
#include "src/transport/place.h"

namespace piperpc {
namespace {

using PlaceOr = absl::StatusOr<transport::Place>;

PlaceOr Checked(std::string_view endpoint, const ServerOptions& options,
                transport::Transport* transport) {
  if (absl::Status status = server::CheckOptions(options); !status.ok()) return status;
  auto place = transport::FindPlace(endpoint, transport, options.backend,
                                    options.allow_unprotected_abstract_socket);
  if (!place.ok()) return place;
  absl::Status access = place->transport->CheckAccess(place->endpoint, options.access);
  if (!access.ok()) return access;
  return place;
}

absl::StatusOr<std::shared_ptr<transport::Transport>> TransportOver(std::vector<OpenSocket> sockets,
                                                                    const ServerOptions& options) {
  if (sockets.empty()) {
    return absl::InvalidArgumentError(
        "StartOn() was given no socket; give it one at least, or call Start() with an endpoint");
  }
  absl::StatusOr<transport::Transport*> base = options.transport;
  if (options.transport == nullptr) base = transport::SystemTransport(options.backend);
  if (!base.ok()) return base.status();
  return (*base)->Over(std::move(sockets));
}

}  // namespace

class Server::Impl {
  using Using = server::Using;

 public:
  explicit Impl(ServerOptions options)
      : options_(std::move(options)),
        dispatcher_(options_.metrics == nullptr ? nullptr : &options_.metrics->registry()),
        workers_(options_.worker_threads, options_.worker_queue, "worker_threads", "worker_queue"),
        core_{options_, dispatcher_, workers_},
        budgets_(core_),
        loops_(core_) {}

  ~Impl() {
    if (absl::Status status = MayEnd(); !status.ok()) {
      base::EndProcess(base::ToStd(status.message()));
    }
    Shutdown(std::chrono::milliseconds(0));
    loops_.FinishLeftovers();
  }

  // It was started by the parent of this process. Asked before a lock is taken: that could be held
  // by a thread that is not there.
  bool foreign() const { return mark_.foreign(); }

  absl::Status AddService(Service& service) {
    return Add("AddService()", [&] { return dispatcher_.Add(service); });
  }

  absl::Status AddCatchAll(CatchAllService& service) {
    return Add("AddCatchAll()", [&] { return dispatcher_.AddCatchAll(service); });
  }

  absl::Status Start(std::string_view endpoint) {
    return StartAt("Start()", [&] { return Checked(endpoint, options_, options_.transport); });
  }

  absl::Status StartOn(std::vector<OpenSocket> sockets) {
    return StartAt("StartOn()", [&]() -> PlaceOr {
      lifecycle_.AssertHeld();
      auto over = TransportOver(std::move(sockets), options_);
      if (!over.ok()) return over.status();
      over_ = *std::move(over);
      return Checked("", options_, over_.get());
    });
  }

  // The log hook may call this server again, so it runs without the lock.
  absl::Status StartAt(std::string_view what, absl::FunctionRef<PlaceOr()> find_place) {
    if (foreign()) return Foreign();
    if (absl::Status status = MayChange(what); !status.ok()) return status;
    const Inside inside(*this);
    const auto checked = StartLocked(find_place);
    if (!checked.ok()) return checked.status();
    const Using telling(this, Using::How::kTelling);
    core_.Log(LogLevel::kInfo, "listening", [&] {
      return server::LogFields{{"endpoint", checked->endpoint.text()},
                               {"address", checked->endpoint.address()},
                               {"backend", loops_.Backends()}};
    });
    return absl::OkStatus();
  }

  ShutdownReport Shutdown(std::chrono::milliseconds grace) {
    if (foreign()) return Refused(Foreign());
    if (absl::Status status = MayWait("Shutdown()"); !status.ok()) {
      return Refused(std::move(status));
    }
    const Inside inside(*this, true);
    bool stopped = false;
    ShutdownReport report = ShutdownLocked(grace, stopped);
    if (stopped) {
      const Using telling(this, Using::How::kTelling);
      core_.Log(LogLevel::kInfo, "stopped", [&report] {
        return server::LogFields{{"stopped_calls", std::to_string(report.stopped.size())},
                                 {"aborted_calls", std::to_string(report.aborted.size())},
                                 {"undelivered", std::to_string(report.undelivered.size())},
                                 {"delayed_loops", std::to_string(report.delayed.size())},
                                 {"blocked_threads", std::to_string(report.blocked.size())}};
      });
    }
    return report;
  }

  absl::Status Wait() {
    if (foreign()) return Foreign();
    if (absl::Status status = MayWait("Wait()"); !status.ok()) return status;
    if (IsUsedHere()) return WithinItself("Wait()");
    internal::MutexLock lock(ends_mutex_);
    while (!shut_down_ || inside_ > 0) lock.Wait(ends_);
    return absl::OkStatus();
  }

  absl::Status WaitForLastClient() {
    if (absl::Status status = MayWaitForLoops("WaitForLastClient()"); !status.ok()) return status;
    loops_.WaitForLastClient();
    return absl::OkStatus();
  }

  absl::Status CheckLoops(std::chrono::milliseconds limit) {
    if (absl::Status status = MayWaitForLoops("CheckLoops()"); !status.ok()) return status;
    return loops_.CheckAnswers(limit);
  }

  // From Start() on they stay as they are.
  std::vector<std::string> service_names() const {
    if (foreign()) return dispatcher_.service_names();
    const internal::MutexLock lock(services_);
    return dispatcher_.service_names();
  }

  ServerStats stats() const {
    if (foreign()) return {};
    const bool started = started_.load(std::memory_order_acquire);
    return {loops_.connections(), started ? loops_.calls() : 0};
  }

  absl::StatusOr<std::vector<ConnectionInfo>> ListConnections() const {
    if (foreign()) return Foreign();
    if (Executor::Current() != nullptr) {
      return absl::FailedPreconditionError(
          "ListConnections() was called on the thread of an event loop, and would wait for it; "
          "call it from a blocking handler, or by RunBlocking()");
    }
    if (!started_.load(std::memory_order_acquire) || has_shut_down()) {
      return std::vector<ConnectionInfo>();
    }
    return loops_.ListConnections();
  }

  const ServerOptions& options() const { return options_; }

 private:
  // `what` is the caller's name, for errors.
  template <typename ToDispatcher>
  absl::Status Add(std::string_view what, ToDispatcher add) {
    if (foreign()) return Foreign();
    if (absl::Status status = MayChange(what); !status.ok()) return status;
    const Change change(*this);
    if (absl::Status status = NotStarted(); !status.ok()) return status;
    const internal::MutexLock lock(services_);
    return add();
  }

  static absl::Status Foreign() {
    return absl::FailedPreconditionError(
        "this server was started before fork() and belongs to the parent process; create a new "
        "one in the child");
  }

  static absl::Status WithinItself(std::string_view what) {
    return absl::FailedPreconditionError(absl::StrCat(
        base::ToAbsl(what),
        " was called from within Start(), AddService(), AddCatchAll() or Shutdown() of the same "
        "server, and would wait for itself; call it after that has returned"));
  }

  static ShutdownReport Refused(absl::Status why) {
    ShutdownReport report;
    report.status = std::move(why);
    return report;
  }

  absl::Status NotStarted() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(lifecycle_) {
    if (report_) return absl::FailedPreconditionError("the server has been shut down");
    if (!loops_.started()) return absl::OkStatus();
    return absl::FailedPreconditionError("the server was already started");
  }

  // FAILED_PRECONDITION where `what` would wait for this very thread.
  absl::Status MayChange(std::string_view what) const {
    if (server::IsThreadOf(this) || workers_.IsOwnThread()) {
      return absl::FailedPreconditionError(
          absl::StrCat(base::ToAbsl(what),
                       " was called on a thread of the server, and would wait for itself; "
                       "call it on another thread"));
    }
    const Using* const use = Using::Find(this);
    const bool changing = use != nullptr && use->how() == Using::How::kChanging;
    return changing ? WithinItself(what) : absl::OkStatus();
  }

  // The same where it may take long, and so would block the event loop that this thread is.
  absl::Status MayWait(std::string_view what) const {
    if (absl::Status status = MayChange(what); !status.ok()) return status;
    if (Executor::Current() == nullptr) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat(base::ToAbsl(what),
                     " was called on the thread of an event loop, and would block all that it "
                     "serves; call it on another thread"));
  }

  bool has_shut_down() const {
    const internal::MutexLock lock(ends_mutex_);
    return shut_down_;
  }

  // The same for what asks the loops, without the lock.
  absl::Status MayWaitForLoops(std::string_view what) {
    if (foreign()) return Foreign();
    if (absl::Status status = MayWait(what); !status.ok()) return status;
    if (!started_.load(std::memory_order_acquire)) {
      return absl::FailedPreconditionError(
          absl::StrCat(base::ToAbsl(what), " was called before the server was started"));
    }
    if (!has_shut_down()) return absl::OkStatus();
    return absl::FailedPreconditionError("the server has been shut down");
  }

  // The functions of this thread that use it have not returned.
  bool IsUsedHere() const { return Using::Find(this) != nullptr; }

  // A server that has stopped, or never started, can be destroyed at once.
  absl::Status MayEnd() const {
    if (IsUsedHere()) return WithinItself("~Server()");
    lifecycle_.AssertHeld();  // Nobody else has the server any more.
    const bool runs =
        started_.load(std::memory_order_acquire) && (!report_ || loops_.has_leftovers());
    return runs ? MayWait("~Server()") : MayChange("~Server()");
  }

  // One at a time. User code that runs meanwhile on this thread must not begin another one.
  class ABSL_SCOPED_LOCKABLE Change {
   public:
    explicit Change(Impl& server) ABSL_EXCLUSIVE_LOCK_FUNCTION(server.lifecycle_)
        : lock_(server.lifecycle_), use_(&server, Using::How::kChanging) {}
    ~Change() ABSL_UNLOCK_FUNCTION() = default;
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

   private:
    const internal::MutexLock lock_;
    const Using use_;
  };

  PlaceOr StartLocked(absl::FunctionRef<PlaceOr()> find_place) {
    const Change change(*this);
    if (absl::Status status = NotStarted(); !status.ok()) return status;
    auto checked = find_place();
    if (!checked.ok()) {
      over_.reset();
      return checked.status();
    }
    mark_.Claim();
    const Limits asked = FitIntoDescriptors(checked->transport->Capacity());
    absl::Status status = loops_.Start(*checked->transport, checked->endpoint,
                                       [this] { server::BecomeThreadOf(this); });
    if (!status.ok()) {
      TakeBack(asked);
      over_.reset();
      return status;
    }
    started_.store(true, std::memory_order_release);
    return checked;
  }

  // `stopped`: it was this call that did it.
  ShutdownReport ShutdownLocked(std::chrono::milliseconds grace, bool& stopped) {
    const Change change(*this);
    stopped = !report_ && loops_.started();
    if (!report_) {
      report_.emplace();  // Before anything can throw: it is done once.
      if (stopped) *report_ = loops_.ShutDown(grace);
    }
    return *report_;
  }

  // The limits that a Start() which fails puts back.
  struct Limits {
    std::size_t connections;
    std::size_t per_user;
  };
  Limits FitIntoDescriptors(std::size_t capacity) {
    const Limits asked{options_.max_connections, options_.max_connections_per_user};
    if (!server::FitConnections(capacity, options_)) return asked;
    core_.Log(LogLevel::kWarning, "connections limited", [&] {
      return server::LogFields{
          {"cause", absl::StrCat("the process may open only ", capacity,
                                 " more descriptors; raise the limit (ulimit -n)")},
          {"max_connections", std::to_string(options_.max_connections)},
          {"max_connections_per_user", std::to_string(options_.max_connections_per_user)}};
    });
    return asked;
  }
  void TakeBack(const Limits& asked) {
    options_.max_connections = asked.connections;
    options_.max_connections_per_user = asked.per_user;
    mark_.Clear();
  }

  // A thread in Start() or Shutdown(). One in Wait() may destroy the server when the last of them
  // is gone: so this is the last thing that a thread does with it.
  class Inside {
   public:
    explicit Inside(Impl& server, bool shuts_down = false)
        : server_(server), shuts_down_(shuts_down) {
      const internal::MutexLock lock(server_.ends_mutex_);
      ++server_.inside_;
    }
    ~Inside() {
      const internal::MutexLock lock(server_.ends_mutex_);
      --server_.inside_;
      if (shuts_down_) server_.shut_down_ = true;
      server_.ends_.notify_all();
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

   private:
    Impl& server_;
    const bool shuts_down_;
  };

  base::ProcessMark mark_;  // Claimed from Start() on.
  ServerOptions options_;
  server::Dispatcher dispatcher_;
  WorkerPool workers_;
  server::ServerCore core_;
  const server::ServerBudgets budgets_;
  std::shared_ptr<transport::Transport> over_ ABSL_GUARDED_BY(lifecycle_);  // Of StartOn().
  server::ServerLoops loops_;

  mutable internal::Mutex ends_mutex_;
  std::condition_variable ends_;
  bool shut_down_ ABSL_GUARDED_BY(ends_mutex_) = false;  // Shutdown() has been done.
  std::size_t inside_ ABSL_GUARDED_BY(ends_mutex_) = 0;  // Threads in Start() and Shutdown().

  // Held by AddService(), Start() and Shutdown(), one after the other; see Change.
  internal::Mutex lifecycle_;
  // Of dispatcher_, until Start().
  mutable internal::Mutex services_ ABSL_ACQUIRED_AFTER(lifecycle_);
  std::atomic<bool> started_ = false;  // loops_ is complete, and stays as it is.
  std::optional<ShutdownReport> report_ ABSL_GUARDED_BY(lifecycle_);
};

absl::Status Server::Check(std::string_view endpoint, const ServerOptions& options) {
  return Checked(endpoint, options, options.transport).status();
}

Server::Server(ServerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

// In a child of fork() it stays: nobody can wait for its threads, and its loops are the parent's.
Server::~Server() {
  if (impl_->foreign()) base::KeepForever(impl_.release());
}

absl::Status Server::AddService(Service& service) { return impl_->AddService(service); }

absl::Status Server::AddCatchAll(CatchAllService& service) { return impl_->AddCatchAll(service); }

absl::Status Server::Start(std::string_view endpoint) { return impl_->Start(endpoint); }

absl::Status Server::StartOn(std::vector<OpenSocket> sockets) {
  return impl_->StartOn(std::move(sockets));
}

ShutdownReport Server::Shutdown(std::chrono::milliseconds grace) { return impl_->Shutdown(grace); }

absl::Status Server::Wait() { return impl_->Wait(); }

absl::Status Server::WaitForLastClient() { return impl_->WaitForLastClient(); }

absl::Status Server::CheckLoops(std::chrono::milliseconds limit) {
  return impl_->CheckLoops(limit);
}

std::vector<std::string> Server::service_names() const { return impl_->service_names(); }

ServerStats Server::stats() const { return impl_->stats(); }

absl::StatusOr<std::vector<ConnectionInfo>> Server::ListConnections() const {
  return impl_->ListConnections();
}

const ServerOptions& Server::options() const { return impl_->options(); }

}  // namespace piperpc
