#include "src/client/connector.h"

#include <algorithm>
#include <utility>

#include "piperpc/executor.h"
#include "src/base/memory.h"
#include "src/client/errors.h"
#include "src/transport/observed_pipe.h"

namespace piperpc::client {
namespace {

// What calls get for a connect that has failed with `connect`: `ended`, if that is not OK; those
// that wait for a place in a full queue get something in the end alone.
absl::Status WhyNot(const absl::Status& connect, const absl::Status& ended) {
  if (!ended.ok()) return ended;
  if (!absl::IsDeadlineExceeded(connect)) return connect;
  return absl::DeadlineExceededError("the server's queue of new connections is full");
}

// A connect is looked after this often, so that Close() need not wait for its deadline.
constexpr base::Duration kConnectSlice = std::chrono::milliseconds(250);

// The same for a call that may be stopped.
constexpr base::Duration kShortConnectSlice = std::chrono::milliseconds(20);

}  // namespace

Connector::Connector(absl::StatusOr<transport::Place> place, std::string_view endpoint,
                     ChannelOptions options)
    : Core(std::move(place), endpoint, std::move(options)),
      retry_gap_(transport::ConnectBackoff()),
      thread_(*this, *this) {}

Connector::~Connector() = default;

std::shared_ptr<Connection> Connector::connection() const {
  return connection_ != nullptr && connection_->usable() ? connection_ : nullptr;
}

absl::Status Connector::CheckSize(std::size_t message_size) {
  const Lock lock(*this);
  const std::shared_ptr<Connection> to = connection();
  const bool known = to != nullptr && to->hello_received();
  return known ? to->CheckSize(message_size) : absl::OkStatus();
}

std::string_view Connector::connect_phase() const {
  if (queue_is_full_) return "waiting in the full connection queue of the server at";
  return retry_ == base::TimePoint() ? "connecting to" : "waiting for a server at";
}

// --- Calls. ---

void Connector::Perform(BlockingCall& call, Lock& lock) {
  const ConnectionOr found = GetConnection(lock, call);
  if (!found.ok()) return call.EndOrRetry(found.status(), Call::Seen::kNo);
  if (call.ended()) return;
  (*found)->Submit(call);
  (*found)->RunUntilDone(call, lock);
}

void Connector::Launch(AsyncCallBase& call) {
  base::RunInMemory(
      [&] {
        AssertLocked();
        TryLaunch(call);
      },
      [&] {
        AssertLocked();
        call.EndEarly(base::OutOfMemory("a call"));
      });
}

void Connector::TryLaunch(AsyncCallBase& call) {
  if (call.ended()) return;
  if (absl::Status refusal = Refusal(); !refusal.ok()) return call.End(std::move(refusal));
  if (!has_loop()) {
    if (const auto loop = EnsureLoop(); !loop.ok()) return call.End(loop.status());
  }
  if (call.times().deadline != base::kNever) deadlines().Schedule(call, call.times().deadline);
  if (const auto found = connection()) {
    found->Submit(call);
  } else {
    call.MarkWaited();
    thread_.Add(call);
  }
  // To begin is bounded for a call that may last for ever, too.
  const bool bounded =
      call.times().deadline != base::kNever || call.times().connect_deadline == base::kNever;
  if (!call.ended() && !call.begun() && !bounded) {
    deadlines().Schedule(call, call.times().connect_deadline);
  }
}

bool Connector::ConnectFor(AsyncCallBase& call, Lock& lock) {
  const ConnectionOr found = TryForConnection(lock, call);
  if (call.ended()) return true;
  if (!found.ok()) {
    call.EndOrRetry(found.status(), Call::Seen::kNo);
  } else if (*found != nullptr) {
    (*found)->Submit(call);
  } else {
    return false;
  }
  return true;
}

// --- Connecting. ---

Connector::ConnectionOr Connector::GetConnection(Lock& lock, Call& call) {
  while (true) {
    ConnectionOr found = TryForConnection(lock, call);
    if (!found.ok() || *found != nullptr) return found;
    PauseUntil(lock, call.times().wait_until);
  }
}

Connector::ConnectionOr Connector::TryForConnection(Lock& lock, Call& call) {
  const CallTimes& times = call.times();
  while (true) {
    // Its own status says why, and is perhaps with its callback already.
    if (call.ended()) return absl::CancelledError("the call has ended");
    if (closed()) return ChannelWasClosed();
    if (auto found = connection()) return found;
    call.MarkWaited();
    const base::TimePoint now = Now();
    if (now >= times.connect_deadline) return DeadlineExceeded(connect_phase(), times.begun);
    if (connecting_) {
      if (absl::Status waited = WaitForOther(lock, call); !waited.ok()) return waited;
    } else if (now < retry_ && now < times.wait_until) {
      return nullptr;
    } else {
      return Connect(lock, call);
    }
  }
}

// Only a server that is there is waited for in here, so a call that does not wait for one is never
// held up by one that does.
Connector::ConnectionOr Connector::Connect(Lock& lock, Call& call) {
  connecting_ = true;
  connection_.reset();
  if (!queue_is_full_) SetState(ChannelState::kConnecting);
  lock.Release();
  auto pipe = base::RunInMemory([&] { return ConnectOnce(call); },
                                [] { return PipeOr(base::OutOfMemory("a connection")); });
  lock.Acquire();
  connecting_ = false;
  WakeWaiting();
  if (closed()) return ChannelWasClosed();
  if (pipe.ok()) return Adopt(*std::move(pipe));
  ConnectionOr none = OnNotConnected(pipe.status(), call);
  SetState(ChannelState::kTransientFailure, WhyNot(pipe.status(), none.status()));
  return none;
}

Connector::ConnectionOr Connector::OnNotConnected(const absl::Status& why, const Call& call) {
  const CallTimes& times = call.times();
  const base::TimePoint now = Now();
  queue_is_full_ = absl::IsDeadlineExceeded(why);
  if (queue_is_full_) {
    // The server is there, but busy: the next slice.
    if (now < times.connect_deadline) return nullptr;
    return DeadlineExceeded(connect_phase(), times.begun);
  }
  if (!absl::IsUnavailable(why)) return why;
  if (now >= times.wait_until) {
    if (times.wait == base::Duration::zero()) return why;
    const base::TimePoint waits_since = times.wait_until - times.wait;
    if (times.wait_until < times.connect_deadline) return StillNoServer(why, waits_since);
    return DeadlineExceeded("waiting for a server at", times.begun);
  }
  retry_ = now + retry_gap_.Next();
  return nullptr;
}

// Another thread connects.
absl::Status Connector::WaitForOther(Lock& lock, const Call& call) {
  while (connecting_ && !closed() && !call.ended()) {
    if (!WaitForChange(lock, call.times().connect_deadline)) {
      return DeadlineExceeded(connect_phase(), call.times().begun);
    }
  }
  return absl::OkStatus();
}

// One slice of the attempt. A call that nobody can wake up in here looks up more often.
Connector::PipeOr Connector::ConnectOnce(const Call& call) {
  const base::Duration slice = call.can_read() ? kConnectSlice : kShortConnectSlice;
  const base::TimePoint limit = std::min(call.times().connect_deadline, base::After(slice, Now()));
  transport::Transport& transport = *place()->transport;
  PipeOr pipe = transport.Connect(place()->endpoint, {.deadline = limit});
  if (!pipe.ok()) return pipe;
  return transport::Observe(*std::move(pipe), {.observer = options().observer.get(),
                                               .owner = static_cast<const Core*>(this),
                                               .now = [&transport] { return transport.Now(); }});
}

// Not every system takes a time that is long gone for what it is.
void Connector::PauseUntil(Lock& lock, base::TimePoint limit) {
  const base::TimePoint end = std::min(limit, retry_);
  if (end > Now()) WaitForChange(lock, end);
}

std::shared_ptr<Connection> Connector::Adopt(std::unique_ptr<transport::Pipe> pipe) {
  ++connections_made_;
  retry_ = {};
  retry_gap_.Reset();
  if (std::exchange(queue_is_full_, false)) SetState(ChannelState::kConnecting);
  Log(LogLevel::kInfo, "connected");
  Connection::Owner& owner = *this;
  connection_ = std::make_shared<Connection>(*this, owner, std::move(pipe));
  connections_.push_back(connection_);
  return connection_;
}

// --- The end. ---

void Connector::OnReady(Connection& connection) {
  if (connection_.get() == &connection) SetState(ChannelState::kReady);
}

void Connector::OnEnding(Connection& connection, const absl::Status& why) {
  if (connection_.get() != &connection) return;
  connection_.reset();
  SetState(why.ok() ? ChannelState::kIdle : ChannelState::kTransientFailure, why);
}

void Connector::OnPipeClosed(Connection& connection) {
  std::erase_if(connections_, [&](const auto& each) { return each.get() == &connection; });
  if (connection_.get() == &connection) connection_.reset();
  WakeWaiting();
}

bool Connector::MayWaitHere() const {
  return Executor::Current() == nullptr && !InLogHook() && !thread_.IsThis();
}

void Connector::Close() {
  Lock lock(*this);
  MarkClosed();
  thread_.EndAll(ChannelWasClosed());
  while (!backing_off().empty()) backing_off().front().End(ChannelWasClosed());
  for (std::size_t i = connections_.size(); i-- > 0;) {
    const std::shared_ptr<Connection> connection = connections_[i];
    connection->Shutdown();  // Perhaps it is not among them any more then.
  }
  if (!MayWaitHere()) return;
  while (!connections_.empty() || connecting_) WaitForChange(lock);
}

void Connector::Shutdown() {
  Close();
  thread_.Join();
  LetGoOfLoop();
}

}  // namespace piperpc::client
