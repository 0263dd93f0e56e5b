// The transports of Linux: the same sockets, on one loop or the other.
#pragma once

#include <optional>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "piperpc/internal/mutex.h"
#include "src/base/per_process.h"
#include "src/transport/transport.h"

namespace piperpc::transport {

// The process has one, behind SystemTransport(). Thread-safe.
class SystemTransports {
 public:
  SystemTransports();
  ~SystemTransports();

  // As SystemTransport(). What it gives lives as long as this.
  absl::StatusOr<Transport*> Get(std::string_view backend);

 private:
  class SocketTransport;
  using NewLoop = absl::StatusOr<std::unique_ptr<EventLoop>>;

  // Whether io_uring may be used: asked until there is an answer. That no descriptor or memory is
  // left is none.
  absl::Status CheckUring();

  NewLoop NewUringLoop();
  NewLoop NewAnyLoop();  // Of io_uring, if it is allowed.

  // While it is asked, which can take seconds, a fork() may make a child: that asks by itself.
  struct Answer {
    internal::Mutex mutex;
    std::optional<absl::Status> uring ABSL_GUARDED_BY(mutex);
  };
  base::PerProcess<Answer> answer_;
  std::unique_ptr<SocketTransport> epoll_transport_;
  std::unique_ptr<SocketTransport> uring_transport_;
  std::unique_ptr<SocketTransport> auto_transport_;
};

}  // namespace piperpc::transport
