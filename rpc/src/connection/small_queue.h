// Whole frames that wait to be sent, back to back in one buffer, cut into packets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "src/connection/packet_buffer.h"
#include "src/transport/pipe.h"

namespace piperpc::connection {

// Two buffers: frames are added to one while the pipe may still read the other, so bytes that were
// given to the pipe stay where they are.
class SmallQueue {
 public:
  // `buffers` outlives the queue.
  explicit SmallQueue(const BufferSource& buffers) : buffers_(buffers) {}
  SmallQueue(const SmallQueue&) = delete;
  SmallQueue& operator=(const SmallQueue&) = delete;

  const BufferSource& buffers() const { return buffers_; }

  // Room for a frame of up to `bytes`. It begins another packet when this one could get above
  // `packet_limit`.
  char* Room(std::size_t bytes, std::size_t packet_limit);

  // The frame that was written there; `bytes`: what it takes.
  void Add(std::size_t bytes) {
    added_ += bytes;
    back().bytes.Extend(bytes);
  }

  // That frame is one of counted().
  void Count() {
    ++counted_;
    ++back().counted;
  }

  bool empty() const { return sent_ == added_; }

  // The frames of the next packet; empty when there are none.
  transport::Bytes Next();

  // What Next() gave was handed to the pipe, which may read it until Release().
  void Commit();

  // The pipe does not look at what was handed to it any more.
  void Release();

  // Counts of bytes since the beginning: a frame has gone when sent() has reached what added() was
  // right after it.
  std::uint64_t added() const { return added_; }
  std::uint64_t sent() const { return sent_; }

  // Frames that Count() was told of, and that the pipe has not taken: until Release().
  std::size_t counted() const { return counted_; }

  // Calls `visit` with each packet that was not handed to the pipe.
  template <typename Visit>
  void ForEachUnsent(Visit visit) const {
    front().ForEachUnsent(visit);
    back().ForEachUnsent(visit);
  }

 private:
  // The end of a packet: where it is, and how many frames of the packet are counted.
  struct Cut {
    std::size_t at;
    std::uint32_t counted;
  };

  struct Run {
    bool exhausted() const { return begin == bytes.size(); }
    Cut end() const { return {bytes.size(), counted}; }
    Cut next_end() const { return next_cut < cuts.size() ? cuts[next_cut] : end(); }
    transport::Bytes Packet(std::size_t from, std::size_t to) const {
      return {bytes.data() + from, to - from};
    }
    template <typename Visit>
    void ForEachUnsent(Visit visit) const {
      std::size_t from = begin;
      for (std::size_t cut = next_cut; from < bytes.size(); ++cut) {
        const std::size_t to = cut < cuts.size() ? cuts[cut].at : bytes.size();
        visit(Packet(from, to));
        from = to;
      }
    }
    void EndPacket();
    void Clear();

    PacketBuffer bytes;
    std::vector<Cut> cuts;     // Where a packet ends and the next one begins.
    std::size_t begin = 0;     // What stands before was handed to the pipe.
    std::size_t last_cut = 0;  // Where the packet being built begins.
    std::uint32_t next_cut = 0;
    std::uint32_t counted = 0;  // Behind the last cut.
  };

  Run& front() { return *front_; }  // Being sent.
  const Run& front() const { return *front_; }
  Run& back() { return *back_; }  // Being added to.
  const Run& back() const { return *back_; }
  void Recycle(Run& run);

  const BufferSource& buffers_;
  std::array<Run, 2> runs_;
  Run* front_ = &runs_[0];
  Run* back_ = &runs_[1];
  std::uint64_t added_ = 0;
  std::uint64_t sent_ = 0;
  std::uint32_t counted_ = 0;
  std::uint32_t counted_flying_ = 0;  // Of those: in what the pipe may still read.
};

}  // namespace piperpc::connection
