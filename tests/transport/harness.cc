#include "harness.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "support/endpoints.h"

namespace piperpc::transport {
namespace {

// A transport of the system lives for ever; this one only forwards to it.
class Borrowed final : public Transport {
 public:
  explicit Borrowed(Transport& transport) : transport_(transport) {}
  std::string_view name() const override { return transport_.name(); }
  absl::StatusOr<std::unique_ptr<EventLoop>> NewLoop() override { return transport_.NewLoop(); }
  absl::StatusOr<std::unique_ptr<Listener>> Listen(EventLoop& loop, const Endpoint& endpoint,
                                                   const ListenOptions& options,
                                                   Listener::Delegate& delegate) override {
    return transport_.Listen(loop, endpoint, options, delegate);
  }
  absl::StatusOr<std::unique_ptr<Pipe>> Connect(const Endpoint& endpoint,
                                                const ConnectOptions& options) override {
    return transport_.Connect(endpoint, options);
  }

 private:
  Transport& transport_;
};

}  // namespace

LoopThread::LoopThread(Transport& transport) {
  auto loop = transport.NewLoop();
  EXPECT_TRUE(loop.ok()) << loop.status();
  loop_ = *std::move(loop);
}

LoopThread::~LoopThread() { Stop(); }

void LoopThread::Start() {
  thread_ = std::thread([this] { loop_->Run(); });
}

void LoopThread::Stop() {
  if (!thread_.joinable()) return;
  loop_->Stop();
  thread_.join();
}

void LoopThread::Do(const std::function<void()>& work) {
  Monitor monitor;
  bool done = false;
  loop_->Post([&] {
    work();
    monitor.Change([&] { done = true; });
  });
  monitor.WaitFor([&] { return done; });
}

void End::Attach(LoopThread& loop) {
  loop_ = &loop;
  pipe_->Attach(loop.loop(), *this);
}

void End::Receive() {
  loop_->Do([this] { pipe_->Receive(); });
}

void End::ReceiveAll() {
  receive_all_ = true;
  Receive();
}

void End::Close(CloseMode mode) {
  const auto done = [this] { monitor_.Change([this] { closed_ = true; }); };
  if (loop_ == nullptr) {
    pipe_->Close(mode, done);
  } else {
    loop_->Do([&] { pipe_->Close(mode, done); });
  }
  monitor_.WaitFor([this] { return closed_.load(); });
}

absl::StatusOr<SendResult> End::Send(const std::string& packet) {
  const Bytes slice(packet);
  return pipe_->Send(std::span(&slice, 1));
}

SendResult End::MustSend(const std::string& packet) {
  const auto result = Send(packet);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.value_or(SendResult::kWouldBlock);
}

absl::StatusOr<std::string> End::ReceiveUntil(base::TimePoint deadline) {
  buffer_.resize(kMaxPacketBytes);
  const auto size = pipe_->ReceiveUntil(buffer_, deadline);
  if (!size.ok()) return size.status();
  return std::string(buffer_.data(), *size);
}

std::string End::WaitPacket() {
  if (!monitor_.WaitFor([this] { return !packets_.empty(); })) return "";
  std::string packet;
  monitor_.Change([&] {
    packet = std::move(packets_.front());
    packets_.pop_front();
  });
  return packet;
}

absl::Status End::WaitError() {
  if (!monitor_.WaitFor([this] { return !receive_errors_.empty(); })) return absl::OkStatus();
  return monitor_.Read(receive_errors_.front());
}

absl::Status End::WaitSent() {
  absl::Status status = absl::UnknownError("OnSent() did not come");
  if (!monitor_.WaitFor([this] { return !send_results_.empty(); })) return status;
  monitor_.Change([&] {
    status = send_results_.front();
    send_results_.pop_front();
  });
  return status;
}

void End::OnReceive(Bytes packet) {
  EXPECT_FALSE(closed_) << "a packet after the end";
  if (on_receive) return on_receive(packet);
  monitor_.Change([&] { packets_.emplace_back(packet.data(), packet.size()); });
  if (receive_all_) pipe_->Receive();
}

void End::OnReceiveError(absl::Status status) {
  EXPECT_FALSE(closed_) << "an error after the end";
  monitor_.Change([&] {
    ++errors_;
    receive_errors_.push_back(std::move(status));
  });
}

void End::OnSent(absl::Status status) {
  EXPECT_FALSE(closed_) << "a result after the end";
  monitor_.Change([&] {
    ++sent_;
    send_results_.push_back(std::move(status));
  });
}

std::unique_ptr<Pipe> Acceptor::WaitPipe() {
  if (!monitor_.WaitFor([this] { return !pipes_.empty(); })) return nullptr;
  std::unique_ptr<Pipe> pipe;
  monitor_.Change([&] {
    pipe = std::move(pipes_.front());
    pipes_.pop_front();
  });
  return pipe;
}

std::pair<std::unique_ptr<Pipe>, absl::Status> Acceptor::WaitRefused() {
  std::pair<std::unique_ptr<Pipe>, absl::Status> refused;
  if (!monitor_.WaitFor([this] { return !refused_.empty(); })) return refused;
  monitor_.Change([&] {
    refused = std::move(refused_.front());
    refused_.pop_front();
  });
  return refused;
}

absl::Status Acceptor::WaitError() {
  if (!monitor_.WaitFor([this] { return !errors_.empty(); })) return absl::OkStatus();
  return monitor_.Read(errors_.front());
}

void Acceptor::OnConnect(std::unique_ptr<Pipe> pipe) {
  monitor_.Change([&] { pipes_.push_back(std::move(pipe)); });
}

void Acceptor::OnRefuse(std::unique_ptr<Pipe> pipe, absl::Status reason) {
  monitor_.Change([&] { refused_.emplace_back(std::move(pipe), std::move(reason)); });
}

void Acceptor::OnAcceptError(absl::Status status) {
  monitor_.Change([&] { errors_.push_back(std::move(status)); });
}

absl::Status Acceptor::WaitRemoved() {
  absl::Status status = absl::UnknownError("OnEndpointRemoved() did not come");
  if (!monitor_.WaitFor([this] { return !removed_.empty(); })) return status;
  monitor_.Change([&] {
    status = removed_.front();
    removed_.pop_front();
  });
  return status;
}

// A status of its own: ThreadSanitizer does not see into abseil's library, where the count of those
// who share one is lowered, and takes its end on another thread for a race.
void Acceptor::OnEndpointRemoved(absl::Status restored) {
  monitor_.Change([&] { removed_.emplace_back(restored.code(), restored.message()); });
}

Server::Server(Transport& transport, LoopThread& loop, const Endpoint& endpoint,
               const ListenOptions& options)
    : loop_(loop) {
  loop_.Do([&] {
    auto listener = transport.Listen(loop_.loop(), endpoint, options, acceptor_);
    status_ = listener.status();
    if (listener.ok()) listener_ = *std::move(listener);
  });
}

void Server::Close() {
  if (listener_ == nullptr) return;
  loop_.Do([&] { BeginClose(); });
  monitor_.WaitFor([&] { return closed_; });
  listener_.reset();
}

void Server::BeginClose() {
  if (std::exchange(closing_, true)) return;
  listener_->Close([&] { monitor_.Change([&] { closed_ = true; }); });
}

Endpoint ScratchFolder::endpoint(const std::string& name) const {
  return *Endpoint::Parse(piperpc::testing::AddressIn(path(), name));
}

std::string Pattern(std::size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  std::uint64_t state = seed;
  for (std::size_t at = 0; at < size; at += sizeof(state)) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    std::memcpy(&bytes[at], &state, std::min(sizeof(state), size - at));
  }
  return bytes;
}

std::unique_ptr<Transport> NewTransport(const std::string& name, std::string& reason) {
  if (name == "memory") return NewMemoryTransport();
  const auto transport = SystemTransport(name);
  if (!transport.ok()) {
    reason = transport.status().ToString();
    return nullptr;
  }
  if (const auto loop = (*transport)->NewLoop(); !loop.ok()) {
    reason = loop.status().ToString();
    return nullptr;
  }
  return std::make_unique<Borrowed>(**transport);
}

}  // namespace piperpc::transport
