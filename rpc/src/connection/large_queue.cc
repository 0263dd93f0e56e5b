#include "src/connection/large_queue.h"

#include <utility>

namespace piperpc::connection {
namespace {

bool IsRequestNotBegun(const LargeMessage& message) {
  return message.header().kind == wire::FrameKind::kRequest && !message.begun();
}

}  // namespace

bool LargeQueue::Turn::HoldsRequest() const { return IsRequestNotBegun(*messages.front()); }

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
  if (const auto known = turn_of_.find(call_id); known != turn_of_.end()) {
    known->second->messages.push_back(std::move(message));
    return;
  }
  Turns turn;
  turn.emplace_back().call_id = call_id;
  turn.front().messages.push_back(std::move(message));
  turn_of_.emplace(call_id, turn.begin());
  turns_.splice(turns_.end(), turn);
}

void LargeQueue::Erase(Turns::iterator turn) {
  turn_of_.erase(turn->call_id);
  turns_.erase(turn);
}

bool LargeQueue::HoldsRequest(std::uint64_t call_id) const {
  if (requests_not_begun_ == 0) return false;
  const auto turn = turn_of_.find(call_id);
  return turn != turn_of_.end() && turn->second->HoldsRequest();
}

void LargeQueue::CollectRequests(std::set<std::uint64_t>& calls) const {
  for (const Turn& turn : turns_) {
    if (turn.HoldsRequest()) calls.insert(turn.call_id);
  }
}

void LargeQueue::Drop(std::uint64_t call_id) {
  const auto known = turn_of_.find(call_id);
  if (known == turn_of_.end()) return;
  const auto turn = known->second;
  for (const auto& message : turn->messages) {
    bytes_ -= message->cost();
    counted_ -= IsCounted(*message);
    requests_not_begun_ -= IsRequestNotBegun(*message);
  }
  std::unique_ptr<LargeMessage>& first = turn->messages.front();
  if (first.get() == flying_) retired_ = std::move(first);
  Erase(turn);
}

void LargeQueue::DropAll() {
  while (!turns_.empty()) Drop(turns_.front().call_id);
  retired_.reset();
  flying_ = nullptr;
}

LargeQueue::Piece LargeQueue::Next(std::size_t room, std::uint64_t gone) {
  for (const Turn& turn : turns_) {
    LargeMessage& message = *turn.messages.front();
    if (message.after() > gone) continue;
    const LargeMessage::Piece piece = message.Next(room);
    return {piece.empty() ? nullptr : &message, piece};
  }
  return {};
}

void LargeQueue::Commit(const Piece& piece) {
  bytes_ -= piece.message->cost();
  requests_not_begun_ -= IsRequestNotBegun(*piece.message);
  piece.message->Commit(piece.piece);
  bytes_ += piece.message->cost();
  flying_ = piece.message;
  const auto turn = turn_of_.find(flying_->header().call_id)->second;
  if (flying_->done()) {
    retired_ = std::move(turn->messages.front());
    turn->messages.pop_front();
  }
  if (turn->messages.empty()) {
    Erase(turn);
  } else {
    turns_.splice(turns_.end(), turns_, turn);
  }
}

void LargeQueue::Release() {
  const bool taken = retired_ != nullptr && retired_->done();  // It was not dropped.
  if (taken) counted_ -= IsCounted(*retired_);
  retired_.reset();
  flying_ = nullptr;
}

}  // namespace piperpc::connection
