// The help of the flag --backend, for both programs.
#pragma once

namespace piperpc::tools {

// Which of them this system has is checked by the library.
inline constexpr char kBackendHelp[] =
    "how to do I/O: auto; on Linux also epoll or io_uring, on Windows also iocp";

}  // namespace piperpc::tools
