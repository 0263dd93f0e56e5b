#include "src/connection/large_queue.h"

#include <utility>

namespace piperpc::connection {
namespace {

bool IsRequestNotBegun(const LargeMessage& message) {
  return message.header().kind == wire::FrameKind::kRequest && !message.begun();
}

}  // namespace

bool LargeQueue::CallQueue::HoldsRequest() const { return IsRequestNotBegun(*messages.front()); }

void LargeQueue::Add(std::unique_ptr<LargeMessage> message) {
  const std::size_t cost = message->cost();
  const bool counted = IsCounted(*message);
  const bool request = IsRequestNotBegun(*message);
  Push(std::move(message));
  bytes_ += cost;
  counted_ += counted;
  requests_not_begun_ += request;
}

void LargeQueue::Push(std::unique_ptr<LargeMessage> message) {
  const std::uint64_t call_id = message->header().call_id;
  if (const auto known = by_call_.find(call_id); known != by_call_.end()) {
    known->second->messages.push_back(std::move(message));
    return;
  }
  CallQueues added;
  added.emplace_back().call_id = call_id;
  added.front().messages.push_back(std::move(message));
  by_call_.emplace(call_id, added.begin());
  calls_.splice(calls_.end(), added);
}

void LargeQueue::Erase(CallQueues::iterator call) {
  by_call_.erase(call->call_id);
  calls_.erase(call);
}

bool LargeQueue::HoldsRequest(std::uint64_t call_id) const {
  if (requests_not_begun_ == 0) return false;
  const auto call = by_call_.find(call_id);
  return call != by_call_.end() && call->second->HoldsRequest();
}

void LargeQueue::CollectRequests(std::set<std::uint64_t>& calls) const {
  for (const CallQueue& call : calls_) {
    if (call.HoldsRequest()) calls.insert(call.call_id);
  }
}

void LargeQueue::Drop(std::uint64_t call_id) {
  const auto known = by_call_.find(call_id);
  if (known == by_call_.end()) return;
  const auto call = known->second;
  for (const auto& message : call->messages) {
    bytes_ -= message->cost();
    counted_ -= IsCounted(*message);
    requests_not_begun_ -= IsRequestNotBegun(*message);
  }
  std::unique_ptr<LargeMessage>& first = call->messages.front();
  if (first.get() == flying_) retired_ = std::move(first);
  Erase(call);
}

void LargeQueue::DropAll() {
  while (!calls_.empty()) Drop(calls_.front().call_id);
  Release();
}

LargeQueue::Piece LargeQueue::Next(std::size_t room, std::uint64_t gone) {
  for (const CallQueue& call : calls_) {
    LargeMessage& message = *call.messages.front();
    if (message.after() > gone) continue;
    const LargeMessage::Piece piece = message.Next(room);
    return {piece.empty() ? nullptr : &message, piece};
  }
  return {};
}

void LargeQueue::Commit(const Piece& piece) {
  bytes_ -= piece.message->cost();
  requests_not_begun_ -= IsRequestNotBegun(*piece.message);
  sent_bytes_ += piece.piece.prefix.size() + piece.piece.payload.size();
  piece.message->Commit(piece.piece);
  bytes_ += piece.message->cost();
  flying_ = piece.message;
  const auto call = by_call_.find(flying_->header().call_id)->second;
  if (flying_->done()) {
    retired_ = std::move(call->messages.front());
    call->messages.pop_front();
  }
  if (call->messages.empty()) {
    Erase(call);
  } else {
    calls_.splice(calls_.end(), calls_, call);
  }
}

void LargeQueue::Release() {
  const bool taken = retired_ != nullptr && retired_->done();  // It was not dropped.
  if (taken) counted_ -= IsCounted(*retired_);
  retired_.reset();
  flying_ = nullptr;
}

}  // namespace piperpc::connection
