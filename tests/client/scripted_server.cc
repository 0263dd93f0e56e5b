#include "client/scripted_server.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>
#include <utility>

#include "src/wire/status.h"

namespace piperpc {
namespace {

base::TimePoint Soon() { return base::After(kPatience); }

OwnedFrame Own(const wire::Frame& frame) {
  const wire::FrameHeader& header = frame.header;
  return {header.kind,
          header.call_id,
          header.more(),
          header.end(),
          std::string(header.method),
          std::string(header.metadata),
          header.timeout_us,
          header.credit,
          std::string(frame.payload.begin(), frame.payload.end())};
}

}  // namespace

ScriptedConnection::ScriptedConnection(std::unique_ptr<transport::Pipe> pipe)
    : pipe_(std::move(pipe)), buffer_(transport::kMaxPacketBytes) {}

ScriptedConnection::~ScriptedConnection() {
  if (pipe_ != nullptr) pipe_->Close(transport::CloseMode::kAbort, [] {});
}

absl::Status ScriptedConnection::ReceiveFrames() {
  const auto size = pipe_->ReceiveUntil(buffer_, Soon());
  if (!size.ok()) return size.status();
  wire::PacketReader reader({buffer_.data(), *size});
  while (!reader.done()) {
    wire::Frame frame;
    const bool whole = reader.Next(frame);
    EXPECT_TRUE(whole) << reader.damage();
    if (!whole) break;
    received_.push_back(Own(frame));
  }
  return absl::OkStatus();
}

std::vector<OwnedFrame> ScriptedConnection::ReceivePacket() {
  const absl::Status status = ReceiveFrames();
  EXPECT_TRUE(status.ok()) << status;
  const auto frames = std::exchange(received_, {});
  return {frames.begin(), frames.end()};
}

std::optional<OwnedFrame> ScriptedConnection::NextOrEnd() {
  if (received_.empty()) {
    const absl::Status status = ReceiveFrames();
    EXPECT_TRUE(status.ok() || absl::IsUnavailable(status)) << status;
  }
  if (received_.empty()) return std::nullopt;
  OwnedFrame frame = std::move(received_.front());
  received_.pop_front();
  return frame;
}

OwnedFrame ScriptedConnection::Next() {
  std::optional<OwnedFrame> frame = NextOrEnd();
  EXPECT_TRUE(frame.has_value()) << "the client has closed";
  return frame.has_value() ? *std::move(frame) : OwnedFrame();
}

OwnedFrame ScriptedConnection::Expect(wire::FrameKind kind) {
  OwnedFrame frame = Next();
  EXPECT_EQ(frame.kind, kind);
  return frame;
}

bool ScriptedConnection::ReceivesEnd() {
  while (true) {
    const auto size = pipe_->ReceiveUntil(buffer_, Soon());
    if (!size.ok()) return absl::IsUnavailable(size.status());
  }
}

void ScriptedConnection::SendHello(const wire::Hello& hello) {
  Expect(wire::FrameKind::kHello);
  Send({.kind = wire::FrameKind::kHello}, wire::EncodeHello(hello));
}

std::string ScriptedConnection::Encode(const wire::FrameHeader& header, std::string_view payload) {
  std::string frame(wire::FrameSize(header, payload.size()), '\0');
  char* const out = wire::EncodeFramePrefix(header, payload.size(), frame.data());
  std::copy(payload.begin(), payload.end(), out);
  return frame;
}

void ScriptedConnection::Send(const wire::FrameHeader& header, std::string_view payload) {
  SendRaw(Encode(header, payload));
}

void ScriptedConnection::SendRaw(std::string_view packet) {
  const transport::Bytes slice(packet.data(), packet.size());
  const auto sent = pipe_->Send(std::span(&slice, 1));
  EXPECT_TRUE(sent.ok() && *sent == transport::SendResult::kSent) << sent.status();
}

bool ScriptedConnection::TrySendRaw(std::string_view packet) {
  const transport::Bytes slice(packet.data(), packet.size());
  while (true) {
    const auto sent = pipe_->Send(std::span(&slice, 1));
    if (!sent.ok()) return false;
    if (*sent == transport::SendResult::kSent) return true;
    std::this_thread::yield();
  }
}

void ScriptedConnection::Reply(std::uint64_t id, std::string_view payload,
                               std::string_view trailers) {
  wire::FrameHeader header{.kind = wire::FrameKind::kResponse, .call_id = id};
  header.metadata = trailers;
  Send(header, payload);
}

void ScriptedConnection::Refuse(std::uint64_t id, const absl::Status& status) {
  const std::string encoded = wire::EncodeStatus(status);
  wire::FrameHeader header{.kind = wire::FrameKind::kResponse, .call_id = id};
  header.has_status = true;
  header.status = encoded;
  Send(header);
}

void ScriptedConnection::Message(std::uint64_t id, std::string_view payload) {
  Send({.kind = wire::FrameKind::kMessage, .call_id = id}, payload);
}

void ScriptedConnection::Goaway(const absl::Status& status, std::uint64_t last_call_id) {
  Send({.kind = wire::FrameKind::kGoaway}, wire::EncodeGoaway({status, last_call_id}));
}

wire::Hello ScriptedConnection::UsualHello() {
  wire::Hello hello;
  hello.max_packet_bytes = 128 * 1024;
  hello.max_message_bytes = 4 * 1024 * 1024;
  hello.max_calls = 100;
  hello.max_metadata_bytes = 8 * 1024;
  hello.initial_credit = 256 * 1024;
  return hello;
}

ScriptedServer::ScriptedServer(std::unique_ptr<transport::Transport> transport,
                               std::string endpoint)
    : transport_(std::move(transport)), endpoint_(std::move(endpoint)) {
  auto loop = transport_->NewLoop();
  EXPECT_TRUE(loop.ok()) << loop.status();
  thread_ = std::make_unique<connection::LoopThread>(*std::move(loop));
  EXPECT_TRUE(thread_->Start().ok());
  Start();
}

ScriptedServer::~ScriptedServer() {
  Stop();
  thread_->Stop();
}

void ScriptedServer::Start() {
  std::promise<void> done;
  thread_->loop().Post([&] {
    auto listener = transport_->Listen(thread_->loop(), *Endpoint::Parse(endpoint_), {}, *this);
    EXPECT_TRUE(listener.ok()) << listener.status();
    if (listener.ok()) listener_ = *std::move(listener);
    done.set_value();
  });
  done.get_future().wait();
}

void ScriptedServer::Stop() {
  if (listener_ == nullptr) return;
  std::promise<void> done;
  thread_->loop().Post([&] { listener_->Close([&] { done.set_value(); }); });
  done.get_future().wait();
  listener_.reset();
}

void ScriptedServer::OnConnect(std::unique_ptr<transport::Pipe> pipe) {
  const std::lock_guard lock(mutex_);
  pipes_.push_back(std::move(pipe));
  connected_.notify_all();
}

ScriptedConnection ScriptedServer::Accept() {
  std::unique_lock lock(mutex_);
  const bool come = connected_.wait_for(lock, kPatience, [&] { return !pipes_.empty(); });
  if (!come) {
    ADD_FAILURE() << "nobody has connected";
    std::abort();
  }
  std::unique_ptr<transport::Pipe> pipe = std::move(pipes_.front());
  pipes_.pop_front();
  return ScriptedConnection(std::move(pipe));
}

ScriptedConnection ScriptedServer::AcceptAndGreet() {
  ScriptedConnection connection = Accept();
  connection.Greet();
  return connection;
}

}  // namespace piperpc
