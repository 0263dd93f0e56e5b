#include "piperpc/server.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <iterator>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "piperpc/async.h"
#include "piperpc/endpoint.h"
#include "piperpc/executor.h"
#include "src/base/fatal.h"
#include "src/base/process.h"
#include "src/base/text.h"
#include "src/server/acceptor.h"
#include "src/server/dispatcher.h"
#include "src/server/options.h"
#include "src/server/server_loop.h"
#include "src/transport/transport.h"

namespace piperpc {
namespace {

// What calls get to end by themselves, once they have been stopped.
constexpr base::Duration kStopGrace = std::chrono::milliseconds(500);

// More than its parts may take (unread replies, then the pipe), so that a shutdown always ends.
constexpr base::Duration kCloseLimit = 3 * transport::kDrainLimit;

// What a thread of the server gets to look up from what it runs. One that does not is blocked by
// code of the user's.
constexpr base::Duration kLookUpLimit = std::chrono::seconds(2);

// The server whose loop this thread is.
thread_local const void* own_server = nullptr;

// A server that this thread starts or shuts down at the moment, or adds a service to; or of whose
// start or end it tells the log hook.
struct Changed {
  const void* server;
  bool is_told;
  const Changed* outer;
};
thread_local const Changed* changed = nullptr;

const Changed* FindChange(const void* server) {
  const Changed* each = changed;
  while (each != nullptr && each->server != server) each = each->outer;
  return each;
}

bool IsChangedHere(const void* server) {
  const Changed* const change = FindChange(server);
  return change != nullptr && !change->is_told;
}

// The functions of this thread that use it have not returned.
bool IsUsedHere(const void* server) { return FindChange(server) != nullptr; }

// Where a server is to listen, and by what.
struct Place {
  Endpoint endpoint;
  transport::Transport* transport;
};

absl::StatusOr<transport::Transport*> TransportOf(const ServerOptions& options) {
  if (options.transport != nullptr) return options.transport;
  return transport::SystemTransport(options.backend);
}

absl::StatusOr<Place> Checked(std::string_view endpoint, const ServerOptions& options) {
  if (absl::Status status = server::CheckOptions(options); !status.ok()) return status;
  const auto transport = TransportOf(options);
  if (!transport.ok()) return transport.status();
  auto parsed = (*transport)->ParseEndpoint(endpoint);
  if (!parsed.ok()) return parsed.status();
  absl::Status status = (*transport)->CheckAccess(*parsed, options.access);
  if (!status.ok()) return status;
  return Place{*std::move(parsed), *transport};
}

}  // namespace

class Server::Impl {
 public:
  explicit Impl(ServerOptions options)
      : options_(std::move(options)),
        workers_(options_.worker_threads, options_.worker_queue, "worker_threads", "worker_queue"),
        core_{options_, dispatcher_, workers_},
        acceptor_(core_) {}

  ~Impl() {
    if (absl::Status status = MayEnd(); !status.ok()) {
      base::EndProcess(base::ToStd(status.message()));
    }
    Shutdown(std::chrono::milliseconds(0));
    FinishLeftovers();
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

  // Code of the user's may be told of it, and come back here: so without the lock.
  absl::Status Start(std::string_view endpoint) {
    if (foreign()) return Foreign();
    if (absl::Status status = MayChange("Start()"); !status.ok()) return status;
    const auto checked = StartLocked(endpoint);
    if (!checked.ok()) return checked.status();
    const Telling telling(*this);
    core_.Log(LogLevel::kInfo, "listening", [&] {
      return server::LogFields{{"endpoint", checked->endpoint.text()},
                               {"address", checked->endpoint.address()},
                               {"backend", Backends()}};
    });
    return absl::OkStatus();
  }

  ShutdownReport Shutdown(std::chrono::milliseconds grace) {
    if (foreign()) return Refused(Foreign());
    absl::Status status = MayWait("Shutdown()");
    if (status.ok() && IsUsedHere(this)) status = WithinItself("Shutdown()");
    if (!status.ok()) return Refused(std::move(status));
    BeginShutdown();
    bool stopped = false;
    ShutdownReport report = ShutdownLocked(grace, stopped);
    if (stopped) {
      const Telling telling(*this);
      core_.Log(LogLevel::kInfo, "stopped", [&report] {
        return server::LogFields{{"stopped_calls", std::to_string(report.stopped.size())},
                                 {"aborted_calls", std::to_string(report.aborted.size())},
                                 {"undelivered", std::to_string(report.undelivered.size())},
                                 {"blocked_threads", std::to_string(report.blocked.size())}};
      });
    }
    EndShutdown();
    return report;
  }

  absl::Status Wait() {
    if (foreign()) return Foreign();
    if (absl::Status status = MayWait("Wait()"); !status.ok()) return status;
    if (IsUsedHere(this)) return WithinItself("Wait()");
    std::unique_lock lock(gone_mutex_);
    gone_.wait(lock, [this] { return shut_down_ && shutting_down_ == 0; });
    return absl::OkStatus();
  }

  // From Start() on they stay as they are.
  std::vector<std::string> service_names() const {
    if (foreign()) return dispatcher_.service_names();
    const std::lock_guard lock(services_);
    return dispatcher_.service_names();
  }

  ServerStats stats() const {
    if (foreign()) return {};
    std::size_t calls = 0;
    if (started_.load(std::memory_order_acquire)) {
      for (const auto& loop : loops_) calls += loop->calls();
    }
    return {acceptor_.connections(), calls};
  }

 private:
  using Names = std::vector<std::string>;

  // `what` is the caller's name, for errors.
  template <typename ToDispatcher>
  absl::Status Add(std::string_view what, ToDispatcher add) {
    if (foreign()) return Foreign();
    if (absl::Status status = MayChange(what); !status.ok()) return status;
    const Change change(*this);
    if (absl::Status status = NotStarted(); !status.ok()) return status;
    const std::lock_guard lock(services_);
    return add();
  }

  static absl::Status Foreign() {
    return absl::FailedPreconditionError(
        "this server was started before fork() and belongs to the parent process; create a new "
        "one in the child");
  }

  static ShutdownReport Refused(absl::Status why) {
    ShutdownReport report;
    report.status = std::move(why);
    return report;
  }

  absl::Status NotStarted() const {
    if (report_) return absl::FailedPreconditionError("the server has been shut down");
    if (loops_.empty()) return absl::OkStatus();
    return absl::FailedPreconditionError("the server was already started");
  }

  // FAILED_PRECONDITION where `what` would wait for this very thread.
  absl::Status MayChange(std::string_view what) const {
    if (own_server == this || workers_.IsOwnThread()) {
      return absl::FailedPreconditionError(
          absl::StrCat(base::ToAbsl(what),
                       " was called on a thread of the server, and would wait for itself; "
                       "call it on another thread"));
    }
    return IsChangedHere(this) ? WithinItself(what) : absl::OkStatus();
  }

  static absl::Status WithinItself(std::string_view what) {
    return absl::FailedPreconditionError(absl::StrCat(
        base::ToAbsl(what),
        " was called from within Start(), AddService(), AddCatchAll() or Shutdown() of the same "
        "server, and would wait for itself; call it after that has returned"));
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

  // What does not run any more, or never did, is gone at once.
  absl::Status MayEnd() const {
    if (IsUsedHere(this)) return WithinItself("~Server()");
    const bool runs =
        started_.load(std::memory_order_acquire) && (!report_ || left_over_ != LeftOver::kNothing);
    return runs ? MayWait("~Server()") : MayChange("~Server()");
  }

  // One at a time. What runs of the user's meanwhile, on this thread, must not begin another one.
  class Change {
   public:
    explicit Change(Impl& server) : lock_(server.lifecycle_), here_{&server, false, changed} {
      changed = &here_;
    }
    ~Change() { changed = here_.outer; }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

   private:
    const std::lock_guard<std::mutex> lock_;
    const Changed here_;
  };

  // Holds no lock: the hook may ask for nearly everything.
  class Telling {
   public:
    explicit Telling(const Impl& server) : here_{&server, true, changed} { changed = &here_; }
    ~Telling() { changed = here_.outer; }
    Telling(const Telling&) = delete;
    Telling& operator=(const Telling&) = delete;

   private:
    const Changed here_;
  };

  absl::StatusOr<Place> StartLocked(std::string_view endpoint) {
    const Change change(*this);
    if (absl::Status status = NotStarted(); !status.ok()) return status;
    auto checked = Checked(endpoint, options_);
    if (!checked.ok()) return checked.status();
    transport_ = checked->transport;
    mark_.Claim();
    FitIntoDescriptors();
    absl::Status status = Listen(checked->endpoint);
    if (status.ok()) status = StartLoops();
    if (!status.ok()) {
      TakeBackStart();
      return status;
    }
    started_.store(true, std::memory_order_release);
    return checked;
  }

  // `stopped`: it was this call that did it.
  ShutdownReport ShutdownLocked(std::chrono::milliseconds grace, bool& stopped) {
    const Change change(*this);
    stopped = !report_ && !loops_.empty();
    if (!report_) report_ = stopped ? ShutDown(grace) : ShutdownReport();
    return *report_;
  }

  // What the loops wait with: that of all of them, or of each in its order where they differ, as
  // the system may have refused a loop what it gave another.
  std::string Backends() const {
    std::vector<std::string> names;
    for (const auto& loop : loops_) names.emplace_back(loop->loop().name());
    const bool alike = std::count(names.begin(), names.end(), names.front()) ==
                       static_cast<std::ptrdiff_t>(names.size());
    return alike ? names.front() : absl::StrJoin(names, ",");
  }

  // The first one, which takes the clients, is the last to start.
  absl::Status StartLoops() {
    for (std::size_t i = loops_.size(); i-- > 0;) {
      absl::Status status = loops_[i]->Start([this] { own_server = this; });
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // The first loop does not run, so nobody was served. It runs here, to close the listener.
  void TakeBackStart() {
    acceptor_.set_loops({});
    if (listener_ != nullptr) {
      transport::EventLoop& loop = loops_.front()->loop();
      loop.Post([&] { listener_->Close([&] { loop.Stop(); }); });
      loop.Run();
    }
    listener_.reset();
    listening_ = false;
    loops_.clear();
    options_.max_connections = asked_connections_;
    options_.max_connections_per_user = asked_per_user_;
    mark_.Clear();
  }

  void FitIntoDescriptors() {
    asked_connections_ = options_.max_connections;
    asked_per_user_ = options_.max_connections_per_user;
    const std::size_t capacity = transport_->Capacity();
    if (!server::FitConnections(capacity, options_)) return;
    core_.Log(LogLevel::kWarning, "connections limited", [&] {
      return server::LogFields{
          {"cause", absl::StrCat("the process may open only ", capacity,
                                 " more descriptors; raise the limit (ulimit -n)")},
          {"max_connections", std::to_string(options_.max_connections)},
          {"max_connections_per_user", std::to_string(options_.max_connections_per_user)}};
    });
  }

  absl::Status Listen(const Endpoint& endpoint) {
    std::vector<server::ServerLoop*> loops;
    for (std::size_t i = 0; i < options_.event_loops; ++i) {
      auto loop = transport_->NewLoop();
      if (!loop.ok()) return loop.status();
      (*loop)->set_spin(options_.spin);
      loops_.push_back(std::make_unique<server::ServerLoop>(
          core_, *std::move(loop),
          [this](const Peer& peer, bool refused) { OnGone(peer, refused); }));
      loops.push_back(loops_.back().get());
    }
    acceptor_.set_loops(std::move(loops));
    const transport::ListenOptions listen{.access = options_.access,
                                          .waiting_instances = options_.waiting_instances,
                                          .max_connections = options_.max_connections};
    auto listener = transport_->Listen(loops_.front()->loop(), endpoint, listen, acceptor_);
    if (!listener.ok()) return listener.status();
    listener_ = *std::move(listener);
    const std::lock_guard lock(gone_mutex_);
    listening_ = true;
    return absl::OkStatus();
  }

  ShutdownReport ShutDown(std::chrono::milliseconds grace) {
    ShutdownReport report;
    CloseListener();
    for (auto& loop : loops_) loop->DrainAll();
    bool gone = WaitUntilGone(base::After(grace));
    if (!gone) {
      for (auto& loop : loops_) loop->EndGrace(ShuttingDown());
      gone = WaitUntilGone(base::After(kStopGrace));
    }
    if (!gone) {
      EndCalls(report, base::After(kLookUpLimit));
      gone = WaitUntilGone(base::After(kCloseLimit));
    }
    // What a worker still runs may use a call and its coroutine: they stay until it has ended.
    left_over_ = gone ? LeftOver::kThreads : LeftOver::kCalls;
    TakeLosses(report, base::After(kLookUpLimit));
    if (gone && StopThreads(report, base::After(kLookUpLimit))) left_over_ = LeftOver::kNothing;
    return report;
  }

  void CloseListener() {
    loops_.front()->loop().Post([this] {
      listener_->Close([this] {
        const std::lock_guard lock(gone_mutex_);
        listening_ = false;
        gone_.notify_all();
      });
    });
  }

  static absl::Status ShuttingDown() {
    return absl::UnavailableError("the server is shutting down");
  }

  // Of loops that do not look up in time, nobody can say what their calls are.
  void EndCalls(ShutdownReport& report, base::TimePoint limit) {
    std::vector<server::ServerLoop::Asked> asked;
    for (auto& loop : loops_) asked.push_back(loop->EndAllCalls(ShuttingDown()));
    for (auto& each : asked) TakeAnswer(each, limit, report.aborted);
  }

  void TakeLosses(ShutdownReport& report, base::TimePoint limit) {
    std::vector<server::ServerLoop::Asked> stopped;
    std::vector<server::ServerLoop::Asked> undelivered;
    for (auto& loop : loops_) {
      stopped.push_back(loop->TakeStopped());
      undelivered.push_back(loop->TakeUndelivered());
    }
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      TakeAnswer(stopped[i], limit, report.stopped);
      if (!TakeAnswer(undelivered[i], limit, report.undelivered)) {
        report.blocked.push_back(DescribeLoop(i));
      }
    }
  }

  // False: the loop has not answered.
  static bool TakeAnswer(server::ServerLoop::Asked& asked, base::TimePoint limit, Names& names) {
    std::optional<Names> answer = asked.Wait(limit);
    if (!answer) return false;
    std::move(answer->begin(), answer->end(), std::back_inserter(names));
    return true;
  }

  std::string DescribeLoop(std::size_t index) const {
    return absl::StrCat("event loop ", index + 1, " of ", loops_.size(), ", with ",
                        loops_[index]->calls(), " calls: blocked by code that runs on it");
  }

  // When no connection is left. True: all of them have ended.
  bool StopThreads(ShutdownReport& report, base::TimePoint limit) {
    if (!report.blocked.empty()) return false;
    if (!workers_.Stop(limit)) {
      report.blocked.emplace_back("worker threads: still running work that no call waits for");
      return false;
    }
    bool all = true;
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      if (loops_[i]->Stop(limit)) continue;
      report.blocked.push_back(DescribeLoop(i));
      all = false;
    }
    return all;
  }

  // The end of a server whose Shutdown() did not wait for all handlers.
  void FinishLeftovers() {
    if (left_over_ == LeftOver::kNothing) return;
    workers_.Stop();
    if (left_over_ == LeftOver::kCalls) {
      ShutdownReport ignored;
      EndCalls(ignored, base::kNever);
      WaitUntilGone(base::After(kCloseLimit));
    }
    for (auto& loop : loops_) loop->Stop();
  }

  void OnGone(const Peer& peer, bool refused) {
    refused ? acceptor_.OnRefusedGone() : acceptor_.OnGone(peer);
    std::lock_guard lock(gone_mutex_);
    gone_.notify_all();
  }

  void BeginShutdown() {
    const std::lock_guard lock(gone_mutex_);
    ++shutting_down_;
  }

  // Who waits for that may end the server then: so the last thing that a thread does with it.
  void EndShutdown() {
    const std::lock_guard lock(gone_mutex_);
    --shutting_down_;
    shut_down_ = true;
    gone_.notify_all();
  }

  bool WaitUntilGone(base::TimePoint limit) {
    const auto gone = [this] { return !listening_ && acceptor_.empty(); };
    std::unique_lock lock(gone_mutex_);
    if (limit != base::kNever) return gone_.wait_until(lock, limit, gone);
    gone_.wait(lock, gone);
    return true;
  }

  base::ProcessMark mark_;  // Claimed from Start() on.
  ServerOptions options_;
  std::size_t asked_connections_ = 0;  // What a Start() that fails puts back.
  std::size_t asked_per_user_ = 0;
  server::Dispatcher dispatcher_;
  WorkerPool workers_;
  server::ServerCore core_;
  server::Acceptor acceptor_;
  transport::Transport* transport_ = nullptr;
  std::vector<std::unique_ptr<server::ServerLoop>> loops_;
  std::unique_ptr<transport::Listener> listener_;

  std::mutex gone_mutex_;
  std::condition_variable gone_;
  bool listening_ = false;         // Until the listener has closed.
  bool shut_down_ = false;         // Shutdown() has been done.
  std::size_t shutting_down_ = 0;  // Threads in Shutdown().

  mutable std::mutex services_;  // Of dispatcher_, until Start(). Taken after lifecycle_.

  // What Shutdown() has left to the destructor.
  enum class LeftOver { kNothing, kThreads, kCalls };

  // Held by AddService(), Start() and Shutdown(), one after the other; see Change.
  std::mutex lifecycle_;
  std::atomic<bool> started_ = false;  // loops_ is complete, and stays as it is.
  LeftOver left_over_ = LeftOver::kNothing;
  std::optional<ShutdownReport> report_;
};

absl::Status Server::Check(std::string_view endpoint, const ServerOptions& options) {
  return Checked(endpoint, options).status();
}

Server::Server(ServerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

// In a child of fork() it stays: nobody can wait for its threads, and its loops are the parent's.
Server::~Server() {
  if (impl_->foreign()) base::KeepForever(impl_.release());
}

absl::Status Server::AddService(Service& service) { return impl_->AddService(service); }

absl::Status Server::AddCatchAll(CatchAllService& service) { return impl_->AddCatchAll(service); }

absl::Status Server::Start(std::string_view endpoint) { return impl_->Start(endpoint); }

ShutdownReport Server::Shutdown(std::chrono::milliseconds grace) { return impl_->Shutdown(grace); }

absl::Status Server::Wait() { return impl_->Wait(); }

std::vector<std::string> Server::service_names() const { return impl_->service_names(); }

ServerStats Server::stats() const { return impl_->stats(); }

}  // namespace piperpc
