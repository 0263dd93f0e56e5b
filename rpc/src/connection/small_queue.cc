#include "src/connection/small_queue.h"

#include <utility>

namespace piperpc::connection {
namespace {

// What a queue without a pool keeps for itself.
constexpr std::size_t kLargestKept = 256 * 1024;

}  // namespace

void SmallQueue::Run::Clear() {
  bytes.clear();
  cuts.clear();
  begin = 0;
  next_cut = 0;
  counted = 0;
}

char* SmallQueue::Room(std::size_t bytes, std::size_t packet_limit) {
  Run& run = back();
  if (run.bytes.capacity() == 0 && buffers_.pool() != nullptr) run.bytes = buffers_.pool()->Take();
  const std::size_t packet_begin = run.cuts.empty() ? 0 : run.cuts.back().at;
  const std::size_t packet_size = run.bytes.size() - packet_begin;
  if (packet_size != 0 && packet_size + bytes > packet_limit) {
    run.cuts.push_back(run.end());
    run.counted = 0;
  }
  return run.bytes.Room(bytes);
}

transport::Bytes SmallQueue::Next() {
  if (front().exhausted()) front_ = 1 - front_;
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
