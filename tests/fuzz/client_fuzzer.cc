// Servers that send whatever the input says, to a channel whose time the input sets, with calls of
// the four method types. Afterwards each call must have ended once, and the channel must work.
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "fuzz/client_world.h"
#include "fuzz/require.h"
#include "fuzz/script.h"
#include "support/call_frames.h"

namespace piperpc::fuzz {
namespace {

using std::chrono::milliseconds;
using wire::FrameKind;

constexpr std::string_view kMethods[] = {"a.v1.Service/Method", ""};

// A call that nobody blocks in.
struct FuzzedCall {
  int ends = 0;
  bool throws = false;
  Metadata trailers;
  std::stop_source stop;
  std::optional<PendingCall> pending;
  std::optional<AsyncWriter<RawMessage>> writer;

  void OnMessage() const {
    Require(ends == 0, "no message follows the end of its call");
    if (throws) throw std::runtime_error("thrown");
  }
  void OnEnd() {
    Require(++ends == 1, "a call ends once");
    if (throws) throw std::runtime_error("thrown");
  }
};

class ClientScript {
 public:
  explicit ClientScript(std::span<const std::uint8_t> input)
      : script_(input, kMethods), world_([this] { return Serve(); }) {}

  void Run() {
    while (!script_.done()) Step();
    world_.HangUpAll();
    world_.loop().RunUntilIdle();
    if (!closed_ && MayBlock()) CheckChannel();
    world_.End();
    for (const auto& call : calls_) Require(call->ends == 1, "every call ends with its channel");
  }

 private:
  // --- What the servers do. ---

  // One step of theirs, while a caller is blocked. False: there are no more.
  bool Serve() {
    if (good_) return ServeWell();
    if (script_.done()) return false;
    ServerStep(script_.Below(16));
    return true;
  }

  bool ServeWell() {
    FuzzedServer& server = world_.server(world_.servers() - 1);
    const std::uint64_t id = server.Read();
    if (id == 0) return false;
    server.Send(testing::EncodedHello() + Response(id, "fine"));
    return true;
  }

  static std::string Response(std::uint64_t id, std::string_view payload) {
    return testing::Encode({.kind = FrameKind::kResponse, .call_id = id}, payload);
  }

  FuzzedServer& Current() {
    const std::size_t servers = world_.servers();
    return world_.server(servers - 1 - std::min(current_, servers - 1));
  }

  void ServerStep(std::size_t step) {
    if (step == 10) return Advance();
    if (step == 11) return Cancel();
    if (world_.servers() == 0) return;
    FuzzedServer& server = Current();
    switch (step) {
      case 0:
      case 1:
        server.packet += script_.Frame();
        return;
      case 2:
        return server.Send(std::exchange(server.packet, {}));
      case 3:
        server.packet += testing::EncodedHello();
        return;
      case 4:
        server.packet += script_.Text();
        return;
      case 5:
        server.packet += Response(CallId(), script_.Payload());
        return;
      case 6:
        server.packet += testing::Message(CallId(), script_.Payload());
        return;
      case 7:
        server.packet += testing::Encode(
            {.kind = FrameKind::kCredit, .call_id = CallId(), .credit = script_.Number()});
        return;
      case 8:
        last_id_ = std::max(last_id_, server.Read());
        return;
      case 9:
        current_ = script_.Below(3);
        return;
      case 12:
        return server.HangUp();
      default:
        return CutOff(server.packet);
    }
  }

  // Of one of the last calls.
  std::uint64_t CallId() { return last_id_ + 1 - script_.Below(4); }

  void CutOff(std::string& packet) {
    packet.resize(packet.size() - std::min<std::size_t>(packet.size(), script_.Below(64)));
  }

  // Within a year, in all.
  void Advance() {
    const std::chrono::microseconds step(script_.Number() & ((std::uint64_t{1} << 36) - 1));
    world_.clock().now += step;
  }

  // --- What the client does. ---

  void Step() {
    const std::size_t step = script_.Below(26);
    if (step < 14) return ServerStep(step);
    switch (step) {
      case 14:
      case 15:
        return world_.loop().RunUntilIdle();
      case 16:
        return world_.loop().RunOnce();
      case 17:
      case 18:
      case 19:
      case 20:
        return StartCall(step - 17);
      case 21:
        return Write();
      case 22:
        if (FuzzedCall* const call = AnyCall(); call && call->writer) call->writer->WritesDone();
        return;
      case 23:
        if (FuzzedCall* const call = AnyCall(); call != nullptr) call->writer.reset();
        return;
      case 24:
        return BlockInCall();
      default:
        return Close();
    }
  }

  bool AllEnded() const {
    return std::all_of(calls_.begin(), calls_.end(),
                       [](const auto& call) { return call->ends > 0; });
  }

  // Nobody but the caller reads the connection then.
  bool MayBlock() const {
    const bool is_read = world_.is_connected() && world_.is_on_loop();
    return AllEnded() && !world_.used_threads() && !is_read;
  }

  CallOptions Options(FuzzedCall& call) {
    CallOptions options;
    const std::uint8_t present = script_.Byte();
    call.throws = (present & 32) != 0;
    if (present & 1) options.timeout = milliseconds(script_.Number() & ((1ULL << 40) - 1));
    if (present & 2) options.metadata.emplace_back("a", script_.Payload());
    if (present & 4) options.trailers = &call.trailers;
    if (present & 8) options.stop = call.stop.get_token();
    return options;
  }

  FuzzedCall& NewCall() {
    calls_.push_back(std::make_unique<FuzzedCall>());
    return *calls_.back();
  }

  void StartCall(std::size_t type) {
    if (!closed_ && !world_.is_connected()) {
      if (!MayBlock()) return;
      world_.channel().WaitUntilReady(milliseconds(100)).IgnoreError();
      if (!world_.is_connected()) return;
    }
    FuzzedCall& call = NewCall();
    const CallOptions options = Options(call);
    const std::string method(script_.Method());
    const auto on_done = [&call](const auto&) { call.OnEnd(); };
    const RawClient& client = world_.client();
    switch (type) {
      case 0:
        call.pending = client.UnaryAsync(method, script_.Payload(), options, on_done);
        return;
      case 1:
        call.pending = client.ServerStreamingAsync(
            method, script_.Payload(), options, [&call](const RawMessage&) { call.OnMessage(); },
            on_done);
        return;
      case 2:
        call.writer = client.ClientStreamingAsync(method, options, on_done);
        return;
      default:
        call.writer = client.BidirectionalAsync(
            method, options,
            [&call](const AsyncWriter<RawMessage>& writer, RawMessage message) {
              call.OnMessage();
              writer.Write(std::move(message), nullptr);
            },
            on_done);
    }
  }

  FuzzedCall* AnyCall() {
    const std::size_t index = script_.Byte();
    return calls_.empty() ? nullptr : calls_[index % calls_.size()].get();
  }

  void Write() {
    FuzzedCall* const call = AnyCall();
    std::string payload = script_.Payload();
    if (call == nullptr || !call->writer) return;
    const bool had_ended = call->ends > 0;
    call->writer->Write(std::move(payload), [call, had_ended](const absl::Status&) {
      Require(had_ended || call->ends == 0, "the end of a call follows those of its messages");
    });
  }

  void Cancel() {
    FuzzedCall* const call = AnyCall();
    if (call == nullptr) return;
    if (script_.Below(2) == 0) {
      call->stop.request_stop();
    } else if (call->pending) {
      call->pending->Cancel();
    } else if (call->writer) {
      call->writer->Cancel();
    }
  }

  void BlockInCall() {
    FuzzedCall call;
    CallOptions options = Options(call);
    options.stop = {};  // With a token, the loop would read.
    const std::string method(script_.Method());
    const RawMessage request(script_.Payload());
    if (!MayBlock()) return;
    world_.client().Unary(method, request, options).IgnoreError();
  }

  // On the loop, where it does not wait for anything.
  void Close() {
    closed_ = true;
    world_.loop().Post([this] { world_.channel().Close(); });
  }

  // The first call may find out that the connection is gone; or that its server had answered it
  // before it was made.
  void CheckChannel() {
    good_ = true;
    const std::size_t servers = world_.servers();
    absl::StatusOr<RawMessage> reply = absl::UnknownError("");
    for (int i = 0; i < 2 && !reply.ok(); ++i) {
      reply = world_.client().Unary("a.v1.Service/Method", RawMessage("request"));
    }
    Require(reply.ok(), "a channel works with a good server");
    Require(world_.servers() == servers || reply->bytes == "fine", "a reply is the server's");
  }

  Script script_;
  ClientWorld world_;
  std::vector<std::unique_ptr<FuzzedCall>> calls_;
  std::size_t current_ = 0;  // Which server acts, from the last one.
  std::uint64_t last_id_ = 0;
  bool closed_ = false;
  bool good_ = false;
};

}  // namespace
}  // namespace piperpc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  piperpc::fuzz::ClientScript({data, size}).Run();
  return 0;
}
