#include "src/client/core.h"

#include <utility>

#include "absl/base/attributes.h"
#include "absl/strings/str_cat.h"
#include "piperpc/executor.h"
#include "piperpc/internal/exceptions.h"
#include "piperpc/internal/visible_text.h"
#include "piperpc/metrics.h"
#include "src/base/exceptions.h"
#include "src/base/fatal.h"
#include "src/base/text.h"
#include "src/metrics/registry.h"
#include "src/transport/observed_pipe.h"

namespace piperpc::client {
namespace {

// Much of it may be what the server has sent.
constexpr std::size_t kMostDetail = 1024;

// The channel whose log hook runs on this thread.
thread_local const Core* logging = nullptr;

// Inlined, g++ 14 warns that the place of an error might be read (-Wmaybe-uninitialized).
ABSL_ATTRIBUTE_NOINLINE transport::ClientThreads& ThreadsOf(
    const absl::StatusOr<transport::Place>& place) {
  return place.ok() ? place->transport->threads() : transport::SystemClientThreads();
}

}  // namespace

// Gives the lock back, and then hands over what has become due.
void Core::Lock::HandOver() {
  core_.Arm();
  DueCallbacks here;
  if (where_ == Where::kOnLoop || !core_.HandToLoop()) here.Append(core_.due_);
  const auto log = std::exchange(core_.log_, {});
  held_ = false;
  core_.mutex().unlock();
  if (!log.empty()) core_.TellLog(log);
  here.DeliverAll();
}

// It may be the thread that reads the connection which runs the hook.
void Core::TellLog(const std::vector<LogRecord>& records) {
  const Core* const outer = std::exchange(logging, this);
  for (const LogRecord& record : records) {
    if (silent_.load(std::memory_order_relaxed)) break;
    base::RunSilently([&] { options_.log(record); });
  }
  logging = outer;
}

bool Core::Lock::Wait(transport::Condition& changed, base::TimePoint deadline) {
  core_.Arm();
  if (!core_.due_.empty() || !core_.log_.empty()) {
    Release();
    Acquire();
    return true;
  }
  const bool in_time = core_.threads_.WaitUntil(core_.mutex(), changed, deadline);
  core_.on_loop_ = where_ == Where::kOnLoop;
  return in_time;
}

Core::Core(absl::StatusOr<transport::Place> place, std::string_view endpoint,
           ChannelOptions options)
    : transport_(options.transport == nullptr ? nullptr : options.transport->Share()),
      io_thread_(std::move(options.io_thread)),
      options_(std::move(options)),
      endpoint_text_(endpoint),
      place_(std::move(place)),
      threads_(ThreadsOf(place_)),
      alarm_(*this),
      retry_budget_(options_.retry),
      states_(FirstStatus()) {
  if (io_thread_ != nullptr) mark_.ClaimFor(io_thread_->mark());
  if (place_.ok() && !options_.retry.policies.empty()) {
    retry_rules_ = std::make_unique<const RetryRules>(options_.retry);
  }
  std::erase(options_.middleware, nullptr);  // Nobody can ask it, not even about a refused call.
}

Core::~Core() = default;

const internal::RetryRule* Core::FindRule(const internal::ClientMethod& method) const {
  if (retry_rules_ != nullptr) return retry_rules_->Find(method);
  return options_.retry.proto_policies ? method.retry : nullptr;
}

ChannelStatus Core::FirstStatus() const {
  if (place_.ok()) return {};
  return {ChannelState::kClosed, place_.status()};
}

ChannelStatus Core::Status() const {
  ChannelStatus status = states_.status();
  if (closed()) status.reason = Refusal();
  return status;
}

absl::Status Core::WaitForOtherState(Lock& lock, ChannelState from,
                                     std::chrono::milliseconds timeout) {
  const base::TimePoint begun = Now();
  bool in_time = true;
  ++state_waits_;
  while (in_time && states_.state() == from) {
    in_time = WaitForChange(lock, base::After(timeout, begun));
  }
  --state_waits_;
  if (states_.state() != from) return absl::OkStatus();
  return DeadlineExceeded(absl::StrCat("waiting for another state than \"",
                                       base::ToAbsl(NameOf(from)), "\" of the channel to"),
                          begun);
}

absl::Status Core::AlreadyClosed() {
  return absl::FailedPreconditionError("the channel is closed");
}

absl::Status Core::Foreign() {
  return absl::FailedPreconditionError(
      "this channel, or the IoThread that it was given, was used before fork() and belongs to the "
      "parent process; create a new one in the child");
}

absl::StatusOr<transport::EventLoop*> Core::EnsureLoop() {
  if (shut_down_) return AlreadyClosed();
  if (io_thread_ == nullptr) {
    if (!place_.ok()) return place_.status();
    auto thread = IoThread::Start(*place_->transport, transport::EventLoop::SpinOf(options_));
    if (!thread.ok()) return thread.status();
    io_thread_ = *std::move(thread);
  }
  return &io_thread_->loop();
}

// Channels are numbered by where they are.
void Core::CountFromNowOn(std::string_view method) {
  const std::size_t number = reinterpret_cast<std::uintptr_t>(this) / sizeof(Core);
  auto& counters = options_.metrics->registry().Find(metrics::Side::kClient, method);
  counted_ =
      std::make_unique<CountedMethod>(CountedMethod{std::string(method), &counters.Of(number)});
}

// It may hold the lock, or be what the channel waits for.
void Core::CheckNotObserving() const {
  if (!transport::IsObserving(this)) return;
  base::EndProcess("a PacketObserver must not use the channel that it observes (" + endpoint_text_ +
                   "): that would wait for itself; do it later, on another thread");
}

// What is due becomes the loop's to deliver. False when there is no loop, or no memory to tell it:
// then it is for this thread.
bool Core::HandToLoop() {
  if (due_.empty()) return true;
  if (handed_.empty() && !base::RunInMemory(
                             [this] {
                               AssertLocked();
                               return PostDelivery();
                             },
                             [] { return false; })) {
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
  base::RunInMemory(
      [this] {
        AssertLocked();
        TryToArm();
      },
      [this] {
        AssertLocked();
        armed_for_ = base::kNever;
      });
}

void Core::TryToArm() {
  armed_for_ = deadlines_.next();
  transport::EventLoop& loop = io_thread_->loop();
  if (loop.InLoop()) return loop.Schedule(alarm_, armed_for_);
  loop.Post([this, &loop, when = armed_for_] { loop.Schedule(alarm_, when); });
}

void Core::OnAlarm() {
  const Lock lock(*this, Lock::Where::kOnLoop);
  armed_for_ = base::kNever;
  deadlines_.Fire(Now());
}

void Core::Log(LogLevel level, std::string_view event, std::string detail) {
  if (!options_.log) return;
  LogRecord record{level, event, {{"endpoint", endpoint_text_}}};
  if (!detail.empty())
    record.fields.emplace_back("detail", internal::VisibleBeginning(detail, kMostDetail));
  log_.push_back(std::move(record));
}

absl::Status Core::CheckMayBlock(absl::FunctionRef<std::string()> instead) const {
  if (InLogHook()) {
    return absl::FailedPreconditionError(
        "this call would block the channel's log hook, and with it the thread that reads; make it "
        "on another thread");
  }
  if (Executor::Current() == nullptr) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("this call would block the thread of an event loop, and all that it serves; in ",
                   "a callback or a coroutine, use ", instead(), ", or RunBlocking()"));
}

// A channel without a hook does not look for the thread's: where the library is
// position-independent, that takes longer.
bool Core::InLogHook() const { return options_.log != nullptr && logging == this; }

void Core::LogThrown(std::string_view event, const std::exception_ptr& exception) {
  base::RunSilently([&] {
    const Lock lock(*this);
    Log(LogLevel::kError, event, internal::DescribeException(exception));
  });
}

absl::Status Core::DeadlineExceeded(std::string_view phase, base::TimePoint begun,
                                    std::string_view advice) const {
  return absl::DeadlineExceededError(
      absl::StrCat("the deadline has passed while ", base::ToAbsl(phase), " ", endpoint_text_,
                   ", after ", MillisecondsSince(begun), " ms", base::ToAbsl(advice)));
}

absl::Status Core::StillNoServer(const absl::Status& why, base::TimePoint begun) const {
  return absl::UnavailableError(absl::StrCat(why.message(), ", after ", MillisecondsSince(begun),
                                             " ms of waiting for it (wait_for_ready)"));
}

std::int64_t Core::MillisecondsSince(base::TimePoint begun) const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Now() - begun).count();
}

void Core::LetGoOfLoop() {
  std::shared_ptr<IoThread> thread;
  {
    const internal::MutexLock lock(mutex());
    thread = io_thread_;
    shut_down_ = thread == nullptr;
  }
  if (thread == nullptr) return;
  // When this has run, so has all that anybody posted there for this channel. Piece by piece: other
  // channels may use the loop.
  for (bool over = false; !over;) {
    thread->RunAndWait([&] {
      DeliverHanded();
      over = EndDelivery();
      if (over) thread->loop().Cancel(alarm_);
    });
  }
}

// After this, callbacks run on the threads that make them due. Fails while the loop has some to
// deliver: of a call, it runs no two at once with another thread.
bool Core::EndDelivery() {
  const internal::MutexLock lock(mutex());
  if (!handed_.empty()) return false;
  shut_down_ = true;
  io_thread_.reset();
  return true;
}

}  // namespace piperpc::client
