#include "tools/piperpc/background_streams.h"

#include <algorithm>
#include <atomic>
#include <span>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "piperpc/internal/threads.h"
#include "tools/piperpc/cut_off.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/json.h"
#include "tools/piperpc/program.h"
#include "tools/piperpc/replies.h"
#include "tools/shared/json_text.h"

namespace piperpc::cli {

Outcome StandardInputIsTaken(std::string_view instead) {
  return UsageError(
      absl::StrCat("standard input holds the session's lines; ", std::string(instead)));
}

// A stream, and the thread that prints what it receives.
class BackgroundStreams::Running {
 public:
  Running(std::string tag, CallableMethod method, Connection& connection, Output& output,
          const google::protobuf::Message* request)
      : tag_(std::move(tag)),
        method_(std::move(method)),
        connection_(connection),
        output_(output),
        call_(connection.Open(method_, request, CommandDeadline(std::nullopt, {}))) {}
  ~Running() {
    call_.Cancel();
    if (thread_.joinable()) thread_.join();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  // Once. An error: nobody prints what the stream receives, and it is of no use.
  Outcome StartPrinting() {
    auto thread = internal::StartThread("the thread of a stream", [this] { Run(); });
    if (!thread.ok()) return NoThreadError(thread.status());
    thread_ = *std::move(thread);
    return Outcome();
  }

  const CallableMethod& method() const { return method_; }
  bool ended() const { return ended_; }

  // The end of `deadline` cancels the call.
  Outcome Send(std::span<const MessagePtr> messages, const CommandDeadline& deadline) {
    CutOff cut_off(deadline, [this] { Cancel(); });
    const Outcome begun = cut_off.Begin();
    if (!begun.ok()) return begun;
    const bool taken = std::all_of(messages.begin(), messages.end(), [this](const auto& message) {
      return call_.Write(BytesOf(*message));
    });
    const Outcome cut = cut_off.Finish(absl::StrCat("sending on stream ", tag_));
    if (taken || !cut.ok()) return cut;
    return absl::FailedPreconditionError(
        absl::StrCat("cannot send to stream ", tag_, ": its call has ended"));
  }

  void HalfClose() { call_.WritesDone(); }
  void Cancel() {
    stopped_ = true;
    call_.Cancel();
  }

  // Waits for the last line. The end of `deadline` cancels the call.
  Outcome Join(const CommandDeadline& deadline) {
    CutOff cut_off(deadline, [this] { Cancel(); });
    const Outcome begun = cut_off.Begin();
    if (!begun.ok()) return begun;
    thread_.join();
    return cut_off.Finish(absl::StrCat("waiting for the end of stream ", tag_));
  }

  // Once Join() has waited. 0 also for a stream that was stopped.
  int exit_code() const { return stopped_ ? kExitOk : ended_with_.exit_code(); }

 private:
  // A line with the tag and one more field.
  Outcome WriteField(std::string_view name, std::string_view json) {
    return output_.WriteLine(absl::StrCat("{\"stream\":", tools::QuoteJson(tag_), ",",
                                          tools::QuoteJson(name), ":", std::string(json), "}"));
  }

  void Run() {
    try {
      Print();
    } catch (const std::exception& thrown) {
      ended_with_ = ThrownError(thrown);
      call_.Cancel();
      Complain(ended_with_.After(tag_ + ": ").Describe());
    }
    ended_ = true;
  }

  void Print() {
    ended_with_ = WriteField("method", tools::QuoteJson(method_.name));
    if (ended_with_.ok()) ended_with_ = ShowMessages();
    if (!ended_with_.ok()) call_.Cancel();
    const absl::Status& status = ended_with_.status();
    std::string end = tools::QuoteJson(CodeName(status));
    if (!status.ok()) {
      absl::StrAppend(&end, ",\"error\":", tools::QuoteJson(std::string(status.message())));
    }
    // When nobody reads it any more there is nobody to tell.
    static_cast<void>(WriteField("status", end));
  }

  Outcome ShowMessages() {
    return ShowReplies(call_, method_, connection_.schema(), JsonStyle::kLine,
                       [this](const std::string& json) { return WriteField("message", json); });
  }

  const std::string tag_;
  const CallableMethod method_;
  Connection& connection_;
  Output& output_;
  RawCall call_;
  std::atomic<bool> stopped_ = false;
  std::atomic<bool> ended_ = false;
  Outcome ended_with_;  // Of the thread, until it has ended.
  std::thread thread_;
};

BackgroundStreams::BackgroundStreams(Connection& connection, Output& output)
    : connection_(connection), output_(output) {}

BackgroundStreams::~BackgroundStreams() { StopAll(); }

Outcome BackgroundStreams::Start(const CallableMethod& method, const RequestPlan& plan,
                                 const CommandDeadline& deadline) {
  RemoveEnded();
  if (running_.size() >= kMost) {
    return UsageError(
        absl::StrCat("the session has ", kMost, " streams, which is the limit; stop one first"));
  }
  const Outcome there = connection_.AwaitServer(deadline);
  if (!there.ok()) return there;
  const bool sends = StreamsRequests(method.type);
  const std::string tag = absl::StrCat("s", ++started_);
  const google::protobuf::Message* const request = sends ? nullptr : plan.messages[0].get();
  auto made = std::make_unique<Running>(tag, method, connection_, output_, request);
  const Outcome printing = made->StartPrinting();
  if (!printing.ok()) return printing;
  Running& running = *running_.emplace(tag, std::move(made)).first->second;
  if (!sends || plan.messages.empty()) return Outcome();
  return running.Send(plan.messages, deadline);
}

Outcome BackgroundStreams::Send(const std::string& tag, const std::vector<std::string>& words,
                                const CommandDeadline& deadline) {
  const OutcomeOr<Running*> running = Find(tag);
  if (!running.ok()) return running.outcome();
  const CallableMethod& method = (*running)->method();
  if (!StreamsRequests(method.type)) {
    return UsageError(absl::StrCat(method.name, " takes one request, which was already given"));
  }
  const OutcomeOr<RequestPlan> plan = PlanRequests(
      words, MethodType::kUnary,
      [&] { return connection_.schema().NewMessage(*method.descriptor->input_type()); }, deadline);
  if (!plan.ok()) return plan.outcome();
  if (plan->from_input) {
    return StandardInputIsTaken("give the message as words");
  }
  return (*running)->Send(plan->messages, deadline);
}

Outcome BackgroundStreams::End(const std::string& tag, const CommandDeadline& deadline) {
  const OutcomeOr<Running*> running = Find(tag);
  if (!running.ok()) return running.outcome();
  (*running)->HalfClose();
  return Remove(tag, deadline);
}

Outcome BackgroundStreams::Stop(const std::string& tag) {
  const OutcomeOr<Running*> running = Find(tag);
  if (!running.ok()) return running.outcome();
  if (!(*running)->ended()) (*running)->Cancel();
  return Remove(tag, CommandDeadline());
}

void BackgroundStreams::StopAll() {
  while (!running_.empty()) static_cast<void>(Stop(std::string(running_.begin()->first)));
}

OutcomeOr<BackgroundStreams::Running*> BackgroundStreams::Find(const std::string& tag) {
  const auto found = running_.find(tag);
  if (found != running_.end()) return found->second.get();
  return UsageError(absl::StrCat("no stream ", tag, " in this session"));
}

Outcome BackgroundStreams::Remove(const std::string& tag, const CommandDeadline& deadline) {
  Running& running = *running_.at(tag);
  Outcome joined = running.Join(deadline);
  if (!running.ended()) return joined;  // There was no thread to watch the time.
  if (exit_code_ == kExitOk) exit_code_ = running.exit_code();
  running_.erase(tag);
  return joined;
}

void BackgroundStreams::RemoveEnded() {
  std::vector<std::string> ended;
  for (const auto& [tag, running] : running_) {
    if (running->ended()) ended.push_back(tag);
  }
  for (const std::string& tag : ended) static_cast<void>(Remove(tag, CommandDeadline()));
}

}  // namespace piperpc::cli
