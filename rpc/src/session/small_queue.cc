#include "src/session/small_queue.h"

#include <utility>

namespace piperpc {
namespace {

// What a queue without a pool keeps for itself.
constexpr std::size_t kLargestKept = 256 * 1024;

}  // namespace

void SmallQueue::Run::Clear() {
  bytes.clear();
  cuts.clear();
  begin = 0;
  next_cut = 0;
}

char* SmallQueue::Add(std::size_t bytes, std::size_t packet_limit) {
  if (back_.bytes.capacity() == 0 && pool_ != nullptr) back_.bytes = pool_->Take();
  const std::size_t packet_begin = back_.cuts.empty() ? 0 : back_.cuts.back();
  const std::size_t packet_size = back_.bytes.size() - packet_begin;
  if (packet_size != 0 && packet_size + bytes > packet_limit) {
    back_.cuts.push_back(back_.bytes.size());
  }
  added_ += bytes;
  return back_.bytes.Append(bytes);
}

transport::Bytes SmallQueue::Next() {
  if (front_.exhausted()) std::swap(front_, back_);
  return front_.Packet(front_.begin, front_.next_end());
}

void SmallQueue::Commit() {
  const std::size_t end = front_.next_end();
  sent_ += end - front_.begin;
  front_.begin = end;
  ++front_.next_cut;
}

void SmallQueue::Release() {
  if (front_.exhausted()) Recycle(front_);
}

void SmallQueue::Recycle(Run& run) {
  run.Clear();
  if (pool_ != nullptr) {
    pool_->Give(std::exchange(run.bytes, {}));
  } else if (run.bytes.capacity() > kLargestKept) {
    run.bytes = {};
  }
}

}  // namespace piperpc
