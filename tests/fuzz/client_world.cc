#include "fuzz/client_world.h"

#include <utility>

#include "fuzz/require.h"
#include "src/client/io_thread.h"

namespace piperpc::fuzz {

void FuzzedServer::HangUp() {
  if (pipe_ != nullptr) pipe_->Close(transport::CloseMode::kAbort, [] {});
  pipe_.reset();
}

void FuzzedServer::Send(std::string_view sent) {
  if (pipe_ == nullptr || sent.empty() || sent.size() > transport::kMaxPacketBytes) return;
  const transport::Bytes slice(sent.data(), sent.size());
  pipe_->Send({&slice, 1}).IgnoreError();
}

std::uint64_t FuzzedServer::Read() {
  static std::vector<char> buffer(transport::kMaxPacketBytes);
  std::uint64_t last_request = 0;
  while (pipe_ != nullptr) {
    const auto size = pipe_->ReceiveUntil(buffer, base::TimePoint::min());
    if (!size.ok()) break;
    const wire::Bytes bytes = wire::Bytes(buffer).first(*size);
    RequireRules(received_.Check(bytes));
    wire::Frame frame;
    for (wire::PacketReader reader(bytes); !reader.done();) {
      reader.Next(frame);
      if (frame.header.kind == wire::FrameKind::kRequest) last_request = frame.header.call_id;
    }
  }
  return last_request;
}

// Lets the servers act while somebody waits in it; when they have nothing left to do, they hang up.
class ClientWorld::ReadPipe final : public transport::Pipe {
 public:
  ReadPipe(ClientWorld& world, std::unique_ptr<transport::Pipe> pipe)
      : world_(world), pipe_(std::move(pipe)) {}

  void Attach(transport::EventLoop& loop, Delegate& delegate) override {
    world_.on_loop_ = true;
    pipe_->Attach(loop, delegate);
  }
  void Receive() override { pipe_->Receive(); }
  absl::StatusOr<transport::SendResult> Send(std::span<const transport::Bytes> slices) override {
    return pipe_->Send(slices);
  }
  void Close(transport::CloseMode mode, absl::AnyInvocable<void()> closed) override {
    pipe_->Close(mode, std::move(closed));
  }
  const Peer& peer() const override { return pipe_->peer(); }

  absl::StatusOr<std::size_t> ReceiveUntil(std::span<char> buffer,
                                           base::TimePoint deadline) override {
    while (true) {
      auto size = pipe_->ReceiveUntil(buffer, base::TimePoint::min());
      if (!absl::IsDeadlineExceeded(size.status()) || deadline <= world_.clock_.now) return size;
      if (!world_.serve_()) world_.HangUpAll();
    }
  }

 private:
  ClientWorld& world_;
  const std::unique_ptr<transport::Pipe> pipe_;
};

ClientWorld::ClientWorld(std::function<bool()> serve)
    : serve_(std::move(serve)),
      io_thread_(std::make_shared<IoThread>(*this, std::unique_ptr<transport::EventLoop>(loop_))) {
  ChannelOptions options{.max_packet_bytes = 64 * 1024,
                         .max_message_bytes = 128 * 1024,
                         .stream_credit_bytes = 64 * 1024,
                         .output_queue_bytes = 64 * 1024,
                         .log = [](const LogRecord&) {}};
  options.io_thread = io_thread_;
  channel_ = piperpc::Connect("fuzzed", std::move(options));
  client_ = std::make_unique<RawClient>(channel_);
}

ClientWorld::~ClientWorld() = default;

FuzzedServer& ClientWorld::server(std::size_t index) {
  const std::lock_guard lock(mutex_);
  return *servers_[index];
}

void ClientWorld::HangUpAll() {
  for (std::size_t i = servers(); i-- > 0;) server(i).HangUp();
}

// The end of a channel waits for the loop, twice: for its connections to be closed, which are
// before, and for what was posted.
void ClientWorld::End() {
  loop_->Post([this] { channel_->Close(); });
  loop_->RunUntilIdle();
  loop_->RunPostsAtOnce();
  client_.reset();
  channel_.reset();
}

absl::StatusOr<std::unique_ptr<transport::Pipe>> ClientWorld::Connect(
    const Endpoint&, const transport::ConnectOptions&) {
  if (std::this_thread::get_id() != thread_) used_threads_ = true;
  auto [client, server] = transport::MemoryPipe::NewPair();
  const std::lock_guard lock(mutex_);
  servers_.push_back(std::make_unique<FuzzedServer>(std::move(server)));
  made_ = servers_.size();
  on_loop_ = false;
  return std::make_unique<ReadPipe>(*this, std::move(client));
}

}  // namespace piperpc::fuzz
