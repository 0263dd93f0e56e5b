// The loop on epoll(7).
//
// A socket's interest outlives the operation it was set for: a pipe that receives again from inside
// OnReceive(), which is the usual case, costs no epoll_ctl(). When an event comes and nobody waits
// for it, the interest is dropped.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <memory>

#include "absl/status/statusor.h"
#include "src/base/page_offset_buffer.h"
#include "src/transport/linux/socket_loop.h"

namespace piperpc::transport {

class EpollLoop final : public SocketLoop {
 public:
  static absl::StatusOr<std::unique_ptr<EventLoop>> New();

  std::string_view name() const override { return "epoll"; }
  void Start(Source& source, Operation operation) override;
  void Release(Source& source) override;

 private:
  EpollLoop(UniqueFd epoll, UniqueFd wake);

  bool Wait(base::TimePoint limit) override;
  void Wake() override;

  void OnEvents(Source& source, std::uint32_t events);
  void FinishRead(Source& source);
  void FinishReceive(Source& source);
  void FinishWrite(Source& source);

  // Tells the kernel what to watch. 0 or an errno.
  int Watch(Source& source, std::uint32_t interest);
  void FailStart(Source& source, Operation operation, int error);

  static bool Take(Source& source, Operation operation);  // False when it is not under way.

  UniqueFd epoll_;
  UniqueFd wake_;
  std::array<epoll_event, 128> events_;
  // One for all pipes of the loop: an idle connection holds no buffer.
  const base::PageOffsetBuffer buffer_;
};

}  // namespace piperpc::transport
