#include "faults/failing_calls_linux.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <mutex>
#include <string>

namespace {

constexpr int kNoSocket = -1;

std::atomic<bool> armed = false;
std::mutex mutex;
std::string failing;  // With the lock, as the next ones.
int failing_error = 0;
std::size_t calls_left = 0;
bool has_failed = false;

// The error that this call fails with, or 0.
int ErrorOf(std::string_view name, int socket) {
  if (!armed) return 0;
  int error = 0;
  {
    const std::lock_guard lock(mutex);
    if (!armed || name != failing || --calls_left > 0) return 0;
    armed = false;
    has_failed = true;
    error = failing_error;
  }
  if (socket != kNoSocket && (error == EPIPE || error == ECONNRESET)) {
    ::shutdown(socket, SHUT_RDWR);
  }
  return error;
}

template <typename Function>
Function* Behind(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

// Those that are there and have not been looked at.
void FailCompletions(io_uring* ring) {
  const unsigned end = io_uring_smp_load_acquire(ring->cq.ktail);
  for (unsigned at = *ring->cq.khead; at != end; ++at) {
    io_uring_cqe& completion = ring->cq.cqes[at & *ring->cq.kring_mask];
    if (completion.user_data == 0) continue;  // Of a cancellation.
    const int error = ErrorOf(piperpc::testing::kCompletion, kNoSocket);
    if (error != 0) completion.res = -error;
  }
}

}  // namespace

// Stand before those of the C library, for the whole program.
#define PIPERPC_FAILING_CALL(result, name, parameters, arguments, socket, exceptions) \
  extern "C" result name parameters exceptions {                                      \
    static auto* const behind = Behind<result parameters>(#name);                     \
    if (const int error = ErrorOf(#name, socket); error != 0) {                       \
      errno = error;                                                                  \
      return -1;                                                                      \
    }                                                                                 \
    return behind arguments;                                                          \
  }

PIPERPC_FAILING_CALL(ssize_t, send, (int fd, const void* data, size_t size, int flags),
                     (fd, data, size, flags), fd, )
PIPERPC_FAILING_CALL(ssize_t, sendmsg, (int fd, const msghdr* message, int flags),
                     (fd, message, flags), fd, )
PIPERPC_FAILING_CALL(ssize_t, recv, (int fd, void* data, size_t size, int flags),
                     (fd, data, size, flags), fd, )
PIPERPC_FAILING_CALL(int, accept4, (int fd, sockaddr* address, socklen_t* size, int flags),
                     (fd, address, size, flags), kNoSocket, )
PIPERPC_FAILING_CALL(int, connect, (int fd, const sockaddr* address, socklen_t size),
                     (fd, address, size), kNoSocket, )
PIPERPC_FAILING_CALL(int, socket, (int domain, int type, int protocol), (domain, type, protocol),
                     kNoSocket, noexcept)
PIPERPC_FAILING_CALL(int, bind, (int fd, const sockaddr* address, socklen_t size),
                     (fd, address, size), kNoSocket, noexcept)
PIPERPC_FAILING_CALL(int, listen, (int fd, int backlog), (fd, backlog), kNoSocket, noexcept)
PIPERPC_FAILING_CALL(int, setsockopt,
                     (int fd, int level, int name, const void* value, socklen_t size),
                     (fd, level, name, value, size), kNoSocket, noexcept)
PIPERPC_FAILING_CALL(int, getsockopt, (int fd, int level, int name, void* value, socklen_t* size),
                     (fd, level, name, value, size), kNoSocket, noexcept)
PIPERPC_FAILING_CALL(int, chmod, (const char* path, mode_t mode), (path, mode), kNoSocket, noexcept)
PIPERPC_FAILING_CALL(int, fstat, (int fd, struct stat* file), (fd, file), kNoSocket, noexcept)
PIPERPC_FAILING_CALL(int, epoll_create1, (int flags), (flags), kNoSocket, noexcept)
PIPERPC_FAILING_CALL(int, epoll_ctl, (int epoll, int action, int fd, epoll_event* event),
                     (epoll, action, fd, event), kNoSocket, noexcept)
PIPERPC_FAILING_CALL(int, epoll_wait, (int epoll, epoll_event* events, int size, int timeout),
                     (epoll, events, size, timeout), kNoSocket, )
PIPERPC_FAILING_CALL(int, ppoll,
                     (pollfd * fds, nfds_t count, const timespec* timeout, const sigset_t* mask),
                     (fds, count, timeout, mask), kNoSocket, )
PIPERPC_FAILING_CALL(int, eventfd, (unsigned count, int flags), (count, flags), kNoSocket, noexcept)
PIPERPC_FAILING_CALL(int, inotify_init1, (int flags), (flags), kNoSocket, noexcept)
PIPERPC_FAILING_CALL(int, inotify_add_watch, (int fd, const char* path, uint32_t mask),
                     (fd, path, mask), kNoSocket, noexcept)

#undef PIPERPC_FAILING_CALL

// Their third argument, where they have one, is a number or a pointer.
extern "C" int open(const char* path, int flags, ...) {
  static auto* const behind = Behind<int(const char*, int, ...)>("open");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  if (const int error = ErrorOf("open", kNoSocket); error != 0) {
    errno = error;
    return -1;
  }
  return behind(path, flags, mode);
}

extern "C" int fcntl(int fd, int command, ...) {
  static auto* const behind = Behind<int(int, int, ...)>("fcntl");
  va_list rest;
  va_start(rest, command);
  void* const argument = va_arg(rest, void*);
  va_end(rest);
  if (const int error = ErrorOf("fcntl", kNoSocket); error != 0) {
    errno = error;
    return -1;
  }
  return behind(fd, command, argument);
}

// Those of liburing return the error.
extern "C" int io_uring_queue_init_params(unsigned entries, io_uring* ring, io_uring_params* p) {
  static auto* const behind =
      Behind<int(unsigned, io_uring*, io_uring_params*)>("io_uring_queue_init_params");
  const int error = ErrorOf("io_uring_queue_init_params", kNoSocket);
  return error != 0 ? -error : behind(entries, ring, p);
}

extern "C" int io_uring_register_buf_ring(io_uring* ring, io_uring_buf_reg* buffers,
                                          unsigned flags) {
  static auto* const behind =
      Behind<int(io_uring*, io_uring_buf_reg*, unsigned)>("io_uring_register_buf_ring");
  const int error = ErrorOf("io_uring_register_buf_ring", kNoSocket);
  return error != 0 ? -error : behind(ring, buffers, flags);
}

extern "C" int io_uring_submit_and_wait(io_uring* ring, unsigned count) {
  static auto* const behind = Behind<int(io_uring*, unsigned)>("io_uring_submit_and_wait");
  if (const int error = ErrorOf("io_uring_submit_and_wait", kNoSocket); error != 0) return -error;
  const int result = behind(ring, count);
  FailCompletions(ring);
  return result;
}

extern "C" int io_uring_submit_and_get_events(io_uring* ring) {
  static auto* const behind = Behind<int(io_uring*)>("io_uring_submit_and_get_events");
  if (const int error = ErrorOf("io_uring_submit_and_get_events", kNoSocket); error != 0) {
    return -error;
  }
  const int result = behind(ring);
  FailCompletions(ring);
  return result;
}

extern "C" int io_uring_submit_and_wait_timeout(io_uring* ring, io_uring_cqe** first,
                                                unsigned count, __kernel_timespec* time,
                                                sigset_t* mask) {
  static auto* const behind =
      Behind<int(io_uring*, io_uring_cqe**, unsigned, __kernel_timespec*, sigset_t*)>(
          "io_uring_submit_and_wait_timeout");
  if (const int error = ErrorOf("io_uring_submit_and_wait_timeout", kNoSocket); error != 0) {
    return -error;
  }
  const int result = behind(ring, first, count, time, mask);
  FailCompletions(ring);
  return result;
}

namespace piperpc::testing {

void FailCall(std::string_view name, int error, std::size_t number) {
  const std::lock_guard lock(mutex);
  failing = name;
  failing_error = error;
  calls_left = number;
  has_failed = false;
  armed = true;
}

bool ClearFailingCall() {
  const std::lock_guard lock(mutex);
  armed = false;
  return has_failed;
}

}  // namespace piperpc::testing
