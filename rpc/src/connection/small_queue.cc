#include "src/connection/small_queue.h"

#include <utility>

namespace piperpc::connection {
namespace {

// What a queue without a pool keeps for itself.
constexpr std::size_t kLargestKept = 256 * 1024;

}  // namespace

void SmallQueue::Run::EndPacket() {
  cuts.push_back(end());
  last_cut = bytes.size();
  counted = 0;
}

void SmallQueue::Run::Clear() {
  bytes.clear();
  cuts.clear();
  begin = 0;
  last_cut = 0;
  next_cut = 0;
  counted = 0;
}

char* SmallQueue::Room(std::size_t bytes, std::size_t packet_limit) {
  Run& run = back();
  if (run.bytes.capacity() == 0 && buffers_.pool() != nullptr) run.bytes = buffers_.pool()->Take();
  const std::size_t packet_size = run.bytes.size() - run.last_cut;
  if (packet_size != 0 && packet_size + bytes > packet_limit) run.EndPacket();
  return run.bytes.Room(bytes);
}

transport::Bytes SmallQueue::Next() {
  if (front().exhausted()) std::swap(front_, back_);
  return front().Packet(front().begin, front().next_end().at);
}

void SmallQueue::Commit() {
  Run& run = front();
  const Cut end = run.next_end();
  sent_ += end.at - run.begin;
  counted_flying_ += end.counted;
  run.begin = end.at;
  ++run.next_cut;
}

void SmallQueue::Release() {
  counted_ -= std::exchange(counted_flying_, 0);
  if (front().exhausted()) Recycle(front());
}

void SmallQueue::Recycle(Run& run) {
  run.Clear();
  if (buffers_.pool() != nullptr) {
    buffers_.pool()->Give(std::exchange(run.bytes, {}));
  } else if (run.bytes.capacity() > kLargestKept) {
    run.bytes = {};
  }
}

}  // namespace piperpc::connection
