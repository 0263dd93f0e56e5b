#include "src/server/server_loops.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "piperpc/async.h"

namespace piperpc::server {
namespace {

// What calls get to end by themselves, once they have been stopped.
constexpr base::Duration kStopGrace = std::chrono::milliseconds(500);

// More than its parts may take (unread replies, then the pipe), so that a shutdown always ends.
constexpr base::Duration kCloseLimit = 3 * transport::kDrainLimit;

// How long a thread of the server may take to answer. One that takes longer is blocked by the
// user's code.
constexpr base::Duration kLookUpLimit = std::chrono::seconds(2);

absl::Status ShuttingDown() { return absl::UnavailableError("the server is shutting down"); }

}  // namespace

ServerLoops::ServerLoops(ServerCore& core) : core_(core), acceptor_(core) {}

// --- The start. ---

absl::Status ServerLoops::Start(transport::Transport& transport, const Endpoint& endpoint,
                                const std::function<void()>& on_thread) {
  absl::Status status = Listen(transport, endpoint);
  if (status.ok()) status = StartThreads(on_thread);
  if (!status.ok()) TakeBackStart();
  return status;
}

// The first one, which takes the clients, is the last to start.
absl::Status ServerLoops::StartThreads(const std::function<void()>& on_thread) {
  for (std::size_t i = loops_.size(); i-- > 0;) {
    absl::Status status = loops_[i]->Start(on_thread);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

// The first loop does not run, so nobody was served. It runs here, to close the listener.
void ServerLoops::TakeBackStart() {
  acceptor_.set_loops({});
  if (listener_ != nullptr) {
    transport::EventLoop& loop = loops_.front()->loop();
    loop.Post([&] { listener_->Close([&] { loop.Stop(); }); });
    loop.Run();
  }
  listener_.reset();
  loops_.clear();
  const internal::MutexLock lock(gone_mutex_);
  listening_ = false;
  first_counted_ = false;
}

absl::Status ServerLoops::Listen(transport::Transport& transport, const Endpoint& endpoint) {
  const ServerOptions& options = core_.options;
  std::vector<ServerLoop*> loops;
  for (std::size_t i = 0; i < options.event_loops; ++i) {
    auto loop = transport.NewLoop();
    if (!loop.ok()) return loop.status();
    (*loop)->set_spin(transport::EventLoop::SpinOf(options));
    loops_.push_back(std::make_unique<ServerLoop>(
        core_, *std::move(loop), i,
        [this](const Peer& peer, bool refused) { OnGone(peer, refused); }));
    loops.push_back(loops_.back().get());
  }
  acceptor_.set_loops(std::move(loops));
  const transport::ListenOptions listen{.access = options.access,
                                        .waiting_instances = options.waiting_instances,
                                        .max_connections = options.max_connections};
  auto listener = transport.Listen(loops_.front()->loop(), endpoint, listen, acceptor_);
  if (!listener.ok()) return listener.status();
  listener_ = *std::move(listener);
  loops_.front()->loop().Post([this] { NoteFirstCounted(); });
  const internal::MutexLock lock(gone_mutex_);
  listening_ = true;
  return absl::OkStatus();
}

void ServerLoops::NoteFirstCounted() {
  const internal::MutexLock lock(gone_mutex_);
  first_counted_ = true;
  gone_.notify_all();
}

std::size_t ServerLoops::calls() const {
  std::size_t calls = 0;
  for (const auto& loop : loops_) calls += loop->calls();
  return calls;
}

absl::StatusOr<std::vector<ConnectionInfo>> ServerLoops::ListConnections() const {
  std::vector<Asked<std::vector<ConnectionInfo>>> asked;
  {
    const internal::MutexLock lock(gone_mutex_);  // As below.
    if (loops_stop_) return std::vector<ConnectionInfo>();
    for (const auto& loop : loops_) asked.push_back(loop->ListConnections());
  }
  const base::TimePoint limit = base::After(kLookUpLimit);
  std::vector<ConnectionInfo> all;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    auto some = asked[i].Wait(limit);
    if (!some.has_value()) {
      return absl::DeadlineExceededError(
          absl::StrCat(Describe(i), ": has not answered within 2 s; something blocks it"));
    }
    std::move(some->begin(), some->end(), std::back_inserter(all));
  }
  return all;
}

std::string ServerLoops::Backends() const {
  std::vector<std::string> names;
  for (const auto& loop : loops_) names.emplace_back(loop->loop().name());
  const bool alike = std::count(names.begin(), names.end(), names.front()) ==
                     static_cast<std::ptrdiff_t>(names.size());
  return alike ? names.front() : absl::StrJoin(names, ",");
}

// --- What others wait for. ---

void ServerLoops::WaitForLastClient() {
  internal::MutexLock lock(gone_mutex_);
  while (!first_counted_ || !acceptor_.empty()) lock.Wait(gone_);
}

absl::Status ServerLoops::CheckAnswers(std::chrono::milliseconds limit) {
  const base::TimePoint end = base::After(limit);
  std::vector<Asked<Names>> asked;
  {
    // A loop does what it was given before it was told to stop, and nothing that comes later.
    const internal::MutexLock lock(gone_mutex_);
    if (loops_stop_) return absl::FailedPreconditionError("the server has been shut down");
    for (auto& loop : loops_) asked.push_back(loop->AskWhetherItRuns());
  }
  Names silent;
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    if (!asked[i].Wait(end)) silent.push_back(Describe(i));
  }
  if (silent.empty()) return absl::OkStatus();
  return absl::DeadlineExceededError(
      absl::StrCat("no answer within ", limit.count(), " ms from ", absl::StrJoin(silent, "; ")));
}

// --- The end. ---

ShutdownReport ServerLoops::ShutDown(std::chrono::milliseconds grace) {
  ShutdownReport report;
  delayed_.resize(loops_.size());
  CloseListener();
  for (auto& loop : loops_) loop->DrainAll();
  bool gone = WaitUntilGone(base::After(grace));
  if (!gone) {
    for (auto& loop : loops_) loop->EndGrace(ShuttingDown());
    gone = WaitUntilGone(base::After(kStopGrace));
    if (!gone) NoteDelayedLoops();
  }
  if (!gone) {
    EndCalls(report, base::After(kLookUpLimit));
    gone = WaitUntilGone(base::After(kCloseLimit));
  }
  // What a worker still runs may use a call and its coroutine: they stay until it has ended.
  leftovers_ = gone ? Leftovers::kThreads : Leftovers::kCalls;
  TakeLosses(report, base::After(kLookUpLimit));
  if (gone && StopThreads(report, base::After(kLookUpLimit))) leftovers_ = Leftovers::kNothing;
  for (std::string& loop : delayed_) {
    if (!loop.empty()) report.delayed.push_back(std::move(loop));
  }
  return report;
}

void ServerLoops::CloseListener() {
  loops_.front()->loop().Post([this] {
    listener_->Close([this] {
      const internal::MutexLock lock(gone_mutex_);
      listening_ = false;
      gone_.notify_all();
    });
  });
}

// Loops that were to end the grace, and have not looked up yet.
void ServerLoops::NoteDelayedLoops() {
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    if (!loops_[i]->grace_over()) NoteDelayed(i);
  }
}

void ServerLoops::NoteDelayed(std::size_t index) {
  delayed_[index] = absl::StrCat(Describe(index), ": was blocked when its calls were to end");
}

// A loop is either delayed or blocked.
void ServerLoops::NoteBlocked(std::size_t index, ShutdownReport& report) {
  delayed_[index].clear();
  report.blocked.push_back(absl::StrCat(Describe(index), ": blocked by code that runs on it"));
}

// Of loops that do not look up in time, nobody can say what their calls are.
void ServerLoops::EndCalls(ShutdownReport& report, base::TimePoint limit) {
  std::vector<Asked<Names>> asked;
  for (auto& loop : loops_) asked.push_back(loop->EndAllCalls(ShuttingDown()));
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    if (!TakeAnswer(asked[i], limit, report.aborted)) NoteDelayed(i);
  }
}

void ServerLoops::TakeLosses(ShutdownReport& report, base::TimePoint limit) {
  std::vector<Asked<Names>> stopped;
  std::vector<Asked<Names>> undelivered;
  for (auto& loop : loops_) {
    stopped.push_back(loop->TakeStopped());
    undelivered.push_back(loop->TakeUndelivered());
  }
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    TakeAnswer(stopped[i], limit, report.stopped);
    if (!TakeAnswer(undelivered[i], limit, report.undelivered)) NoteBlocked(i, report);
  }
}

// False: the loop has not answered.
bool ServerLoops::TakeAnswer(Asked<Names>& asked, base::TimePoint limit, Names& names) {
  std::optional<Names> answer = asked.Wait(limit);
  if (!answer) return false;
  std::move(answer->begin(), answer->end(), std::back_inserter(names));
  return true;
}

std::string ServerLoops::Describe(std::size_t index) const {
  return absl::StrCat("event loop ", index + 1, " of ", loops_.size(), ", with ",
                      loops_[index]->calls(), " calls");
}

// When no connection is left. True: all of them have ended.
bool ServerLoops::StopThreads(ShutdownReport& report, base::TimePoint limit) {
  if (!report.blocked.empty()) return false;
  if (!core_.workers.Stop(limit)) {
    report.blocked.emplace_back("worker threads: still running work that no call waits for");
    return false;
  }
  NoteLoopsStop();
  bool all = true;
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    if (loops_[i]->Stop(limit)) continue;
    NoteBlocked(i, report);
    all = false;
  }
  return all;
}

void ServerLoops::NoteLoopsStop() {
  const internal::MutexLock lock(gone_mutex_);
  loops_stop_ = true;
}

void ServerLoops::FinishLeftovers() {
  if (!has_leftovers()) return;
  core_.workers.Stop();
  if (leftovers_ == Leftovers::kCalls) {
    ShutdownReport ignored;
    EndCalls(ignored, base::kNever);
    WaitUntilGone(base::After(kCloseLimit));
  }
  for (auto& loop : loops_) loop->Stop();
}

void ServerLoops::OnGone(const Peer& peer, bool refused) {
  refused ? acceptor_.OnRefusedGone() : acceptor_.OnGone(peer);
  const internal::MutexLock lock(gone_mutex_);
  gone_.notify_all();
}

bool ServerLoops::WaitUntilGone(base::TimePoint limit) {
  internal::MutexLock lock(gone_mutex_);
  while (listening_ || !acceptor_.empty()) {
    if (limit == base::kNever) {
      lock.Wait(gone_);
    } else if (!lock.WaitUntil(gone_, limit)) {
      return !listening_ && acceptor_.empty();
    }
  }
  return true;
}

}  // namespace piperpc::server
