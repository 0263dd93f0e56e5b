#include "tools/piperpc/background_streams.h"

#include <atomic>
#include <span>
#include <stop_token>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "piperpc/internal/client_call.h"
#include "piperpc/internal/threads.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/json.h"
#include "tools/piperpc/program.h"
#include "tools/shared/json_text.h"

namespace piperpc::cli {

using internal::ClientStream;
using internal::OutMessage;

// A stream, and the thread that prints what it receives.
class BackgroundStreams::Running {
 public:
  Running(std::string tag, CallableMethod method, Connection& connection, Output& output,
          const google::protobuf::Message* request)
      : tag_(std::move(tag)),
        method_(std::move(method)),
        connection_(connection),
        output_(output),
        stream_(Open(request)) {}
  ~Running() {
    stream_->Cancel();
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

  Outcome Send(const google::protobuf::Message& message, const std::stop_token& stop) {
    const std::stop_callback cancel(stop, [this] { stream_->Cancel(); });
    if (stream_->Write(OutMessage::Of(message)) == ClientStream::Step::kDone) {
      return Outcome();
    }
    return absl::FailedPreconditionError(
        absl::StrCat("stream ", tag_, " takes no more messages: its call has ended"));
  }

  void HalfClose() { stream_->HalfClose(); }
  void Cancel() {
    stopped_ = true;
    stream_->Cancel();
  }

  // Waits for the end; `stop` cancels the call. Its exit code: 0 for a stream that was stopped.
  int Join(const std::stop_token& stop) {
    const std::stop_callback cancel(stop, [this] { Cancel(); });
    thread_.join();
    return stopped_ ? kExitOk : ended_with_.exit_code();
  }

 private:
  std::shared_ptr<ClientStream> Open(const google::protobuf::Message* request) {
    const CallOptions options = connection_.OptionsOf(Patience(std::nullopt, {}));
    Channel& channel = *connection_.channel();
    if (request == nullptr) {
      return channel.OpenStream({method_.name, method_.shape}, nullptr, options);
    }
    const OutMessage message = OutMessage::Of(*request);
    return channel.OpenStream({method_.name, method_.shape}, &message, options);
  }

  // A line with the tag and one more field. When nobody reads it any more there is nobody to tell.
  void WriteField(std::string_view name, std::string_view json) {
    const Outcome written =
        output_.WriteLine(absl::StrCat("{\"stream\":", tools::QuoteJson(tag_), ",",
                                       tools::QuoteJson(name), ":", std::string(json), "}"));
    if (!written.ok()) stream_->Cancel();
  }

  void Run() {
    try {
      Print();
    } catch (const std::exception& thrown) {
      ended_with_ = ThrownError(thrown);
      stream_->Cancel();
      Complain(ended_with_.After(tag_ + ": ").Describe());
    }
    ended_ = true;
  }

  void Print() {
    WriteField("method", tools::QuoteJson(method_.name));
    const MessagePtr message = connection_.schema().NewMessage(*method_.descriptor->output_type());
    std::span<const char> bytes;
    while (stream_->Read(bytes) == ClientStream::Step::kDone) {
      const OutcomeOr<std::string> json =
          connection_.schema().ReplyToJson(bytes, JsonStyle::kLine, *message);
      if (json.ok()) {
        WriteField("message", *json);
      } else {
        stream_->Fail(json.outcome().status());
      }
    }
    const absl::Status status = stream_->status();
    ended_with_ = status;
    std::string end = tools::QuoteJson(CodeName(status));
    if (!status.ok()) {
      absl::StrAppend(&end, ",\"error\":", tools::QuoteJson(std::string(status.message())));
    }
    WriteField("status", end);
  }

  const std::string tag_;
  const CallableMethod method_;
  Connection& connection_;
  Output& output_;
  std::shared_ptr<ClientStream> stream_;
  std::atomic<bool> stopped_ = false;
  std::atomic<bool> ended_ = false;
  Outcome ended_with_;  // Of the thread, until it has ended.
  std::thread thread_;
};

BackgroundStreams::BackgroundStreams(Connection& connection, Output& output)
    : connection_(connection), output_(output) {}

BackgroundStreams::~BackgroundStreams() { StopAll(); }

Outcome BackgroundStreams::Start(const CallableMethod& method, const RequestPlan& plan,
                                 const Patience& patience) {
  RemoveEnded();
  if (running_.size() >= kMost) {
    return UsageError(absl::StrCat("a session has at most ", kMost, " streams; stop one"));
  }
  const Outcome there = connection_.AwaitServer(patience);
  if (!there.ok()) return there;
  const bool sends = StreamsRequests(method.shape);
  const std::string tag = absl::StrCat("s", ++started_);
  const google::protobuf::Message* const request = sends ? nullptr : plan.messages[0].get();
  auto made = std::make_unique<Running>(tag, method, connection_, output_, request);
  const Outcome printing = made->StartPrinting();
  if (!printing.ok()) return printing;
  Running& running = *running_.emplace(tag, std::move(made)).first->second;
  if (!sends) return Outcome();
  Outcome sent;
  for (const MessagePtr& message : plan.messages) {
    if (sent.ok()) sent = running.Send(*message, {});
  }
  return sent;
}

Outcome BackgroundStreams::Send(const std::string& tag, const std::vector<std::string>& words,
                                const Patience& patience) {
  const OutcomeOr<Running*> running = Find(tag);
  if (!running.ok()) return running.outcome();
  const CallableMethod& method = (*running)->method();
  if (!StreamsRequests(method.shape)) {
    return UsageError(absl::StrCat(method.name, " takes one request, which it has"));
  }
  const OutcomeOr<RequestPlan> plan = PlanRequests(
      words, MethodShape::kUnary,
      [&] { return connection_.schema().NewMessage(*method.descriptor->input_type()); }, patience);
  if (!plan.ok()) return plan.outcome();
  if (plan->from_input) return UsageError("standard input holds the session's lines");
  return (*running)->Send(*plan->messages[0], patience.stop());
}

Outcome BackgroundStreams::End(const std::string& tag, const Patience& patience) {
  const OutcomeOr<Running*> running = Find(tag);
  if (!running.ok()) return running.outcome();
  (*running)->HalfClose();
  const int code = (*running)->Join(patience.stop());
  if (exit_code_ == kExitOk) exit_code_ = code;
  running_.erase(tag);
  return Outcome();
}

Outcome BackgroundStreams::Stop(const std::string& tag) {
  const OutcomeOr<Running*> running = Find(tag);
  if (!running.ok()) return running.outcome();
  Remove(tag);
  return Outcome();
}

void BackgroundStreams::StopAll() {
  while (!running_.empty()) Remove(std::string(running_.begin()->first));
}

OutcomeOr<BackgroundStreams::Running*> BackgroundStreams::Find(const std::string& tag) {
  const auto found = running_.find(tag);
  if (found != running_.end()) return found->second.get();
  return UsageError(absl::StrCat("no stream ", tag, " in this session"));
}

void BackgroundStreams::Remove(const std::string& tag) {
  Running& running = *running_.at(tag);
  if (!running.ended()) running.Cancel();
  const int code = running.Join({});
  if (exit_code_ == kExitOk) exit_code_ = code;
  running_.erase(tag);
}

void BackgroundStreams::RemoveEnded() {
  std::vector<std::string> ended;
  for (const auto& [tag, running] : running_) {
    if (running->ended()) ended.push_back(tag);
  }
  for (const std::string& tag : ended) Remove(tag);
}

}  // namespace piperpc::cli
