// A transport that passes everything on, and counts what a client does.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "src/transport/transport.h"

namespace piperpc {

class CountingTransport final : public transport::Transport {
 public:
  explicit CountingTransport(transport::Transport& inner) : inner_(inner) {}

  std::atomic<int> loops = 0;
  std::atomic<int> connects = 0;
  std::atomic<int> sends = 0;
  std::atomic<int> receives = 0;

  absl::Status refusal;  // What Connect() gives instead of a pipe.

  // Connect() waits in vain until its deadline, as in the queue of a server that does not accept.
  bool queue_is_full = false;

  // Runs where a packet is about to be sent.
  std::function<void()> on_send = [] {};

  absl::Status received;  // What ReceiveUntil() gives instead of a packet.

  // Runs on the thread that connects, when there is a connection and the client has not got it yet.
  std::function<void()> on_connect = [] {};

  std::string_view name() const override { return inner_.name(); }
  absl::StatusOr<std::unique_ptr<transport::EventLoop>> NewLoop() override {
    ++loops;
    return inner_.NewLoop();
  }
  absl::StatusOr<std::unique_ptr<transport::Listener>> Listen(
      transport::EventLoop& loop, const Endpoint& endpoint, const transport::ListenOptions& options,
      transport::Listener::Delegate& delegate) override {
    return inner_.Listen(loop, endpoint, options, delegate);
  }
  absl::StatusOr<std::unique_ptr<transport::Pipe>> Connect(
      const Endpoint& endpoint, const transport::ConnectOptions& options) override {
    ++connects;
    if (queue_is_full) {
      while (base::Clock::now() < options.deadline) std::this_thread::yield();
      return absl::DeadlineExceededError("no room in the queue");
    }
    if (!refusal.ok()) return refusal;
    auto pipe = inner_.Connect(endpoint, options);
    if (!pipe.ok()) return pipe.status();
    on_connect();
    return std::make_unique<CountingPipe>(*this, *std::move(pipe));
  }

 private:
  class CountingPipe final : public transport::Pipe {
   public:
    CountingPipe(CountingTransport& owner, std::unique_ptr<transport::Pipe> inner)
        : owner_(owner), inner_(std::move(inner)) {}
    void Attach(transport::EventLoop& loop, Delegate& delegate) override {
      inner_->Attach(loop, delegate);
    }
    void Receive() override { inner_->Receive(); }
    absl::StatusOr<transport::SendResult> Send(std::span<const transport::Bytes> slices) override {
      ++owner_.sends;
      owner_.on_send();
      return inner_->Send(slices);
    }
    absl::StatusOr<std::size_t> ReceiveUntil(std::span<char> buffer,
                                             base::TimePoint deadline) override {
      ++owner_.receives;
      if (!owner_.received.ok()) return owner_.received;
      return inner_->ReceiveUntil(buffer, deadline);
    }
    void Close(transport::CloseMode mode, absl::AnyInvocable<void()> closed) override {
      inner_->Close(mode, std::move(closed));
    }
    const Peer& peer() const override { return inner_->peer(); }

   private:
    CountingTransport& owner_;
    std::unique_ptr<transport::Pipe> inner_;
  };

  transport::Transport& inner_;
};

}  // namespace piperpc
