// What sockets need of a loop. Two loops provide it, epoll and io_uring; pipes and listeners are
// the same for both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "src/transport/linux/unique_fd.h"
#include "src/transport/loop/loop_base.h"

namespace piperpc::transport {

class SocketLoop : public LoopBase {
 public:
  // Each one finishes once for each Start(), and at most one of each kind is under way.
  enum Operation : std::uint8_t {
    kReceive = 1,   // One packet: OnReceived().
    kReadable = 2,  // Until something can be read or accepted: OnReadable(). Not with kReceive.
    kWritable = 4,  // Until it can be written to again: OnWritable().
  };

  // A socket as the loop sees it. Small: an idle connection has one, and nothing else in the loop.
  class alignas(8) Source {
   public:
    explicit Source(UniqueFd fd) : fd_(std::move(fd)) {}
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    int fd() const { return fd_.get(); }

   protected:
    ~Source() = default;
    void CloseFd() { fd_.Reset(); }

   private:
    friend class EpollLoop;
    friend class UringLoop;

    // `result` as of ReceivePacket(); `data` is the loop's own, valid until this returns.
    virtual void OnReceived(std::ptrdiff_t result, const char* data) = 0;
    // `wait_error`: 0, or the errno of a wait that the system refuses: it may refuse the next one,
    // too, so that trying again at once could go on for ever.
    virtual void OnReadable(int wait_error) = 0;
    virtual void OnWritable(int wait_error) = 0;
    virtual void OnReleased() = 0;  // The loop knows the source no more; it may be destroyed.

    UniqueFd fd_;
    std::uint8_t wanted_ = 0;  // Operations that were started and have not finished.
    std::uint8_t armed_ = 0;   // What the kernel watches; each loop has its own use for it.
    bool released_ = false;
  };

  // Both on the loop thread; Start() also before the loop runs.
  virtual void Start(Source& source, Operation operation) = 0;

  // Cancels all operations; OnReleased() follows after everything that was posted before.
  virtual void Release(Source& source) = 0;

 protected:
  bool looks_may_pay() const final;
};

}  // namespace piperpc::transport
