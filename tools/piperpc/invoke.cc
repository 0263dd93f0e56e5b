#include "tools/piperpc/invoke.h"

#include <exception>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "piperpc/internal/threads.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/files.h"
#include "tools/piperpc/replies.h"
#include "tools/shared/input.h"

namespace piperpc::cli {
namespace {

// One message out of all that standard input holds.
OutcomeOr<MessagePtr> ReadRequest(LineReader& input, MessagePtr request,
                                  const CommandDeadline& deadline) {
  std::string text;
  const LineReader::Result result = input.ReadAll(text, deadline);
  if (result == LineReader::Result::kStopped) return InterruptedError();
  if (result != LineReader::Result::kEnd) return input.ErrorOf(result, "a message", deadline);
  const Outcome parsed = FromJson(text, *request);
  if (!parsed.ok()) return parsed.After("standard input: ");
  return request;
}

Outcome Print(Program& program, const google::protobuf::Message& reply, JsonStyle style) {
  const OutcomeOr<std::string> json = ToJson(reply, style);
  return json.ok() ? program.output.WriteLine(*json) : json.outcome();
}

// Sends the requests of a stream on a thread of its own, so that replies are read meanwhile.
class Sender {
 public:
  Sender(RawCall& call, const RequestPlan& plan, NewRequest new_request, LineReader& input)
      : call_(call), plan_(plan), new_request_(std::move(new_request)), input_(input) {}
  ~Sender() { Stop(); }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  // Once, before anything else.
  Outcome Start() {
    auto thread = internal::StartThread("the thread that sends requests", [this] { Run(); });
    if (!thread.ok()) return NoThreadError(thread.status());
    thread_ = *std::move(thread);
    return Outcome();
  }

  // Call it when the stream has ended. What went wrong on this side.
  Outcome Finish() {
    Stop();
    return status_;
  }

 private:
  void Stop() {
    stop_.request_stop();
    if (thread_.joinable()) thread_.join();
  }

  void Run() {
    try {
      status_ = plan_.from_input ? SendLines(stop_.get_token()) : SendMessages();
    } catch (const std::exception& thrown) {
      status_ = ThrownError(thrown);
    }
    if (status_.ok()) {
      call_.WritesDone();
    } else {
      call_.Cancel();
    }
  }

  // False: the stream has ended, and there is no use in sending more.
  bool Send(const google::protobuf::Message& message) { return call_.Write(BytesOf(message)); }

  Outcome SendMessages() {
    for (const MessagePtr& message : plan_.messages) {
      if (!Send(*message)) break;
    }
    return Outcome();
  }

  Outcome SendLines(const std::stop_token& stop) {
    std::string line;
    std::size_t number = 0;
    LineReader::Result result;
    const CommandDeadline deadline(std::nullopt, stop);
    while ((result = input_.ReadLine(line, deadline)) == LineReader::Result::kLine) {
      ++number;
      if (IsBlank(line)) continue;
      const MessagePtr message = new_request_();
      const Outcome parsed = FromJson(line, *message);
      if (!parsed.ok()) return parsed.After(absl::StrCat("standard input, line ", number, ": "));
      if (!Send(*message)) break;
    }
    const bool failed =
        result == LineReader::Result::kError || result == LineReader::Result::kTooLong;
    return failed ? input_.ErrorOf(result, "a message", deadline) : Outcome();
  }

  RawCall& call_;
  const RequestPlan& plan_;
  const NewRequest new_request_;
  LineReader& input_;
  Outcome status_;  // Written by the thread, read when it has ended.
  std::stop_source stop_;
  std::thread thread_;
};

Outcome PrintReplies(Program& program, const CallableMethod& method, RawCall& call) {
  const JsonStyle style =
      StreamsReplies(method.type) ? JsonStyle::kLine : ReplyStyle(program.settings);
  return ShowReplies(call, method, program.connection.schema(), style,
                     [&](const std::string& json) { return program.output.WriteLine(json); });
}

Outcome InvokeUnary(Program& program, const CallableMethod& method,
                    const google::protobuf::Message& request, const CommandDeadline& deadline) {
  const OutcomeOr<MessagePtr> reply = program.connection.CallUnary(method, request, deadline);
  if (!reply.ok()) return reply.outcome();
  return Print(program, **reply, ReplyStyle(program.settings));
}

Outcome InvokeStream(Program& program, const CallableMethod& method,
                     const google::protobuf::Message& request, const CommandDeadline& deadline) {
  const Outcome there = program.connection.AwaitServer(deadline);
  if (!there.ok()) return there;
  RawCall call = program.connection.Open(method, &request, deadline);
  return PrintReplies(program, method, call);
}

Outcome InvokeSending(Program& program, const CallableMethod& method, const RequestPlan& plan,
                      NewRequest new_request, const CommandDeadline& deadline) {
  const Outcome there = program.connection.AwaitServer(deadline);
  if (!there.ok()) return there;
  RawCall call = program.connection.Open(method, nullptr, deadline);
  Sender sender(call, plan, std::move(new_request), program.input);
  const Outcome sending = sender.Start();
  if (!sending.ok()) return sending;
  const Outcome received = PrintReplies(program, method, call);
  const Outcome sent = sender.Finish();
  return sent.ok() ? received : sent;
}

}  // namespace

JsonStyle ReplyStyle(const Settings& settings) {
  return settings.pretty || tools::IsTerminal(tools::kStandardOutput) ? JsonStyle::kPretty
                                                                      : JsonStyle::kLine;
}

Outcome Invoke(Program& program, const CallableMethod& method, RequestPlan plan,
               const CommandDeadline& deadline) {
  NewRequest new_request = [&] {
    return program.connection.schema().NewMessage(*method.descriptor->input_type());
  };
  if (StreamsRequests(method.type)) {
    return InvokeSending(program, method, plan, std::move(new_request), deadline);
  }
  if (plan.from_input) {
    OutcomeOr<MessagePtr> read = ReadRequest(program.input, new_request(), deadline);
    if (!read.ok()) return read.outcome();
    plan.messages.push_back(*std::move(read));
  }
  const google::protobuf::Message& request = *plan.messages.front();
  return method.type == MethodType::kUnary ? InvokeUnary(program, method, request, deadline)
                                           : InvokeStream(program, method, request, deadline);
}

}  // namespace piperpc::cli
