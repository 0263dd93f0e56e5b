#include "src/client/core.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "piperpc/executor.h"
#include "src/base/exceptions.h"
#include "src/base/text.h"
#include "src/client/async_call_base.h"
#include "src/client/connection.h"
#include "src/client/errors.h"

namespace piperpc::client {
namespace {

// A connect is looked after this often, so that Close() need not wait for its deadline.
constexpr Duration kConnectSlice = std::chrono::milliseconds(250);

// The same for a call that may be stopped.
constexpr Duration kShortConnectSlice = std::chrono::milliseconds(20);

bool WaitOnce(std::condition_variable& changed, std::unique_lock<std::mutex>& guard,
              TimePoint deadline) {
  if (deadline != kNever) return changed.wait_until(guard, deadline) == std::cv_status::no_timeout;
  changed.wait(guard);
  return true;
}

// The channel whose log hook runs on this thread.
thread_local const Core* logging = nullptr;

absl::Status Closed() { return absl::FailedPreconditionError("the channel is closed"); }

}  // namespace

// Gives the lock back, and then hands over what has become due.
void Core::Lock::HandOver() {
  core_.Arm();
  DueCallbacks here;
  if (where_ == Where::kOnLoop || !core_.HandToLoop()) here.Append(core_.due_);
  const auto log = std::exchange(core_.log_, {});
  held_ = false;
  core_.mutex_.unlock();
  if (!log.empty()) core_.TellLog(log);
  here.DeliverAll();
}

// It may be the thread that reads the connection which runs the hook.
void Core::TellLog(const std::vector<LogRecord>& records) {
  const Core* const outer = std::exchange(logging, this);
  for (const LogRecord& record : records) {
    if (silent_.load(std::memory_order_relaxed)) break;
    RunSilently([&] { options_.log(record); });
  }
  logging = outer;
}

bool Core::Lock::Wait(std::condition_variable& changed, TimePoint deadline) {
  core_.Arm();
  if (!core_.due_.empty() || !core_.log_.empty()) {
    Release();
    Acquire();
    return true;
  }
  std::unique_lock guard(core_.mutex_, std::adopt_lock);
  const bool in_time = WaitOnce(changed, guard, deadline);
  guard.release();  // It stays locked.
  core_.on_loop_ = where_ == Where::kOnLoop;
  return in_time;
}

Core::Core(std::string_view endpoint, ChannelOptions options)
    : Core(CheckPlace(endpoint, options), endpoint, std::move(options)) {}

Core::Core(absl::StatusOr<Place> place, std::string_view endpoint, ChannelOptions&& options)
    : transport_(options.transport == nullptr ? nullptr : options.transport->Share()),
      io_thread_(std::move(options.io_thread)),
      options_(std::move(options)),
      endpoint_text_(endpoint),
      place_(std::move(place)),
      retry_gap_(transport::ConnectBackoff()),
      connector_(*this),
      alarm_(*this) {
  if (io_thread_ != nullptr) mark_.ClaimFor(io_thread_->mark());
  std::erase(options_.middleware, nullptr);  // Nobody can ask it, not even about a refused call.
}

Core::~Core() = default;

absl::Status Core::Foreign() {
  return absl::FailedPreconditionError(
      "this channel, or the IoThread that it was given, was used before fork() and belongs to the "
      "parent process; create a new one in the child");
}

absl::Status Core::Refusal() const { return closed() ? Closed() : place_.status(); }

std::shared_ptr<Connection> Core::connection() const {
  return connection_ != nullptr && connection_->usable() ? connection_ : nullptr;
}

absl::StatusOr<std::shared_ptr<Connection>> Core::GetConnection(Lock& lock, Call& call) {
  while (true) {
    auto found = TryForConnection(lock, call);
    if (!found.ok() || *found != nullptr) return found;
    Pause(lock, call.times().wait_until);
  }
}

absl::StatusOr<std::shared_ptr<Connection>> Core::TryForConnection(Lock& lock, Call& call) {
  const CallTimes& times = call.times();
  while (true) {
    // Its own status says why, and is perhaps with its callback already.
    if (call.ended()) return absl::CancelledError("the call has ended");
    if (closed()) return ChannelWasClosed();
    if (auto found = connection()) return found;
    call.waited = true;
    const TimePoint now = Clock::now();
    if (now >= times.connect_deadline) return DeadlineExceeded(connect_phase(), times.begun);
    if (connecting_) {
      if (absl::Status waited = WaitForConnector(lock, call); !waited.ok()) return waited;
    } else if (now < retry_ && now < times.wait_until) {
      return nullptr;
    } else {
      return Connect(lock, call);
    }
  }
}

// Only a server that is there is waited for in here, so a call that does not wait for one is never
// held up by one that does.
absl::StatusOr<std::shared_ptr<Connection>> Core::Connect(Lock& lock, Call& call) {
  connecting_ = true;
  lock.Release();
  auto pipe = RunInMemory([&] { return ConnectOnce(call); },
                          [] { return PipeOr(OutOfMemory("a connection")); });
  lock.Acquire();
  connecting_ = false;
  changed_.notify_all();
  if (closed()) return ChannelWasClosed();
  if (pipe.ok()) return Adopt(*std::move(pipe));
  const TimePoint now = Clock::now();
  queue_is_full_ = absl::IsDeadlineExceeded(pipe.status());
  if (queue_is_full_) {
    // The server is there, but busy: the next slice.
    if (now < call.times().connect_deadline) return nullptr;
    return DeadlineExceeded(connect_phase(), call.times().begun);
  }
  if (!absl::IsUnavailable(pipe.status())) return pipe.status();
  if (now >= call.times().wait_until) {
    if (call.times().wait_until < call.times().connect_deadline) return pipe.status();
    return DeadlineExceeded("waiting for a server at", call.times().begun);
  }
  retry_ = now + retry_gap_.Next();
  return nullptr;
}

absl::Status Core::WaitForConnector(Lock& lock, const Call& call) {
  while (connecting_ && !closed() && !call.ended()) {
    if (!lock.Wait(changed_, call.times().connect_deadline)) {
      return DeadlineExceeded(connect_phase(), call.times().begun);
    }
  }
  return absl::OkStatus();
}

// One slice of the attempt. A call that nobody can wake up in here looks up more often.
Core::PipeOr Core::ConnectOnce(const Call& call) {
  const Duration slice = call.can_read() ? kConnectSlice : kShortConnectSlice;
  const TimePoint limit = std::min(call.times().connect_deadline, After(slice));
  return place_->transport->Connect(place_->endpoint, {.deadline = limit});
}

// Not every system takes a time that is long
// gone for what it is.
void Core::Pause(Lock& lock, TimePoint limit) {
  const TimePoint end = std::min(limit, retry_);
  if (end > Clock::now()) lock.Wait(changed_, end);
}

std::shared_ptr<Connection> Core::Adopt(std::unique_ptr<transport::Pipe> pipe) {
  ++connections_made_;
  retry_ = {};
  retry_gap_.Reset();
  queue_is_full_ = false;
  Log(LogLevel::kInfo, "connected");
  connection_ = std::make_shared<Connection>(*this, std::move(pipe));
  connections_.push_back(connection_);
  return connection_;
}

void Core::Launch(AsyncCallBase& call) {
  RunInMemory([&] { TryLaunch(call); }, [&] { EndEarly(call, OutOfMemory("a call")); });
}

void Core::TryLaunch(AsyncCallBase& call) {
  if (call.ended()) return;
  if (absl::Status refusal = Refusal(); !refusal.ok()) return call.End(std::move(refusal));
  if (io_thread_ == nullptr) {
    if (const auto loop = EnsureLoop(); !loop.ok()) return call.End(loop.status());
  }
  if (call.times().deadline != kNever) deadlines_.Schedule(call, call.times().deadline);
  if (const auto found = connection()) {
    found->Submit(call);
  } else {
    call.waited = true;
    connector_.Add(call);
  }
  // To begin is bounded for a call that may last for ever, too.
  const bool begun = call.phase == Call::Phase::kSent && call.connection->hello_received();
  const bool bounded = call.times().deadline != kNever || call.times().connect_deadline == kNever;
  if (!call.ended() && !begun && !bounded) {
    deadlines_.Schedule(call, call.times().connect_deadline);
  }
}

void Core::EndEarly(Call& call, absl::Status status) {
  if (call.ended()) return;
  const bool connecting = call.phase == Call::Phase::kConnecting;
  if (call.connection != nullptr) call.connection->Abandon(call);
  call.End(std::move(status));
  if (connecting) WakeConnecting();
}

absl::StatusOr<transport::EventLoop*> Core::EnsureLoop() {
  if (shut_down_) return Closed();
  if (io_thread_ == nullptr) {
    if (!place_.ok()) return place_.status();
    auto thread = IoThread::Start(*place_->transport, options_.spin);
    if (!thread.ok()) return thread.status();
    io_thread_ = *std::move(thread);
  }
  return &io_thread_->loop();
}

// What is due becomes the loop's to deliver. False when there is no loop, or no memory to tell it:
// then it is for this thread.
bool Core::HandToLoop() {
  if (due_.empty()) return true;
  if (handed_.empty() && !RunInMemory([this] { return PostDelivery(); }, [] { return false; })) {
    return false;
  }
  handed_.Append(due_);
  return true;
}

bool Core::PostDelivery() {
  const auto loop = EnsureLoop();
  if (loop.ok()) (*loop)->Post([self = shared_from_this()] { self->DeliverHanded(); });
  return loop.ok();
}

void Core::DeliverHanded() {
  DueCallbacks due;
  {
    const Lock lock(*this, Lock::Where::kOnLoop);
    due.Append(handed_);
  }
  due.DeliverAll();
}

// Without memory for that, the lock's next holder tries it again.
void Core::Arm() {
  if (deadlines_.next() >= armed_for_ || io_thread_ == nullptr) return;
  RunInMemory([this] { TryToArm(); }, [this] { armed_for_ = kNever; });
}

void Core::TryToArm() {
  armed_for_ = deadlines_.next();
  transport::EventLoop& loop = io_thread_->loop();
  if (loop.InLoop()) return loop.Schedule(alarm_, armed_for_);
  loop.Post([this, &loop, when = armed_for_] { loop.Schedule(alarm_, when); });
}

void Core::OnAlarm() {
  const Lock lock(*this, Lock::Where::kOnLoop);
  armed_for_ = kNever;
  deadlines_.Fire(Clock::now());
}

void Core::Log(LogLevel level, std::string_view event, std::string detail) {
  if (!options_.log) return;
  LogRecord record{level, event, {{"endpoint", endpoint_text_}}};
  if (!detail.empty()) record.fields.emplace_back("detail", std::move(detail));
  log_.push_back(std::move(record));
}

absl::Status Core::CheckMayBlock() const {
  if (logging == this) {
    return absl::FailedPreconditionError(
        "this call would block the channel's log hook, and with it the thread that reads; make it "
        "on another thread");
  }
  if (Executor::Current() == nullptr) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "this call would block the thread of an event loop, and all that it serves; in a "
      "callback or a coroutine, use the form with a callback, the form for co_await (CoNext(), "
      "CoWrite()), or RunBlocking()");
}

bool Core::MayTake(std::size_t message_size) {
  const Lock lock(*this);
  const std::shared_ptr<Connection> to = connection();
  return to == nullptr || to->MayTake(message_size);
}

bool Core::MayWaitHere() const {
  return Executor::Current() == nullptr && logging != this && !connector_.IsOwnThread();
}

void Core::LogThrown(std::string_view event, const std::exception_ptr& exception) {
  RunSilently([&] {
    const Lock lock(*this);
    Log(LogLevel::kError, event, WhatWasThrown(exception));
  });
}

absl::Status Core::DeadlineExceeded(std::string_view phase, TimePoint begun) const {
  const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
  return absl::DeadlineExceededError(absl::StrCat("the deadline has passed while ", ToAbsl(phase),
                                                  " ", endpoint_text_, ", after ", spent.count(),
                                                  " ms"));
}

void Core::OnPipeClosed(Connection& connection) {
  std::erase_if(connections_, [&](const auto& each) { return each.get() == &connection; });
  if (connection_.get() == &connection) connection_.reset();
  changed_.notify_all();
}

void Core::Close() {
  Lock lock(*this);
  closed_ = true;
  changed_.notify_all();
  connector_.EndAll(ChannelWasClosed());
  for (std::size_t i = connections_.size(); i-- > 0;) {
    const std::shared_ptr<Connection> connection = connections_[i];
    connection->Shutdown();  // Perhaps it is not among them any more then.
  }
  if (!MayWaitHere()) return;
  while (!connections_.empty() || connecting_) lock.Wait(changed_);
}

void Core::Shutdown() {
  Close();
  connector_.Join();
  std::shared_ptr<IoThread> thread;
  {
    const std::lock_guard guard(mutex_);
    shut_down_ = true;
    thread = std::move(io_thread_);
  }
  if (thread == nullptr) return;
  // When this has run, so has all that anybody posted there for this channel.
  thread->Await([&] { thread->loop().Cancel(alarm_); });
}

}  // namespace piperpc::client
