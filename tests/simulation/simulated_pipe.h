// One end of a link, as the runtime has it.
#pragma once

#include <memory>
#include <utility>

#include "simulation/link.h"
#include "src/transport/pipe.h"

namespace piperpc::simulation {

class SimulatedPipe final : public transport::Pipe {
 public:
  SimulatedPipe(std::shared_ptr<Link> link, Side side, Peer peer)
      : link_(std::move(link)), side_(side), peer_(std::move(peer)) {}
  ~SimulatedPipe() override { link_->LetGo(side_); }

  void Attach(transport::EventLoop& loop, Delegate& delegate) override {
    link_->Attach(side_, loop, delegate);
  }
  void Receive() override { link_->Receive(side_); }
  absl::StatusOr<transport::SendResult> Send(std::span<const transport::Bytes> slices) override {
    return link_->Send(side_, slices);
  }
  absl::StatusOr<std::size_t> ReceiveUntil(std::span<char> buffer,
                                           base::TimePoint deadline) override {
    return link_->ReceiveUntil(side_, buffer, deadline);
  }
  bool AllRead() const override { return link_->AllRead(side_); }
  void Close(transport::CloseMode mode, absl::AnyInvocable<void()> closed) override {
    link_->Close(side_, mode, std::move(closed));
  }
  const Peer& peer() const override { return peer_; }

 private:
  const std::shared_ptr<Link> link_;
  const Side side_;
  const Peer peer_;
};

}  // namespace piperpc::simulation
