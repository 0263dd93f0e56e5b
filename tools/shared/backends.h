// What the flag --backend takes, for the help of both programs.
#pragma once

namespace piperpc::tools {

// The library alone can tell which of them this system has, and says so where one is refused.
inline constexpr char kBackendHelp[] =
    "how to do I/O: auto; on Linux also epoll or io_uring, on Windows also iocp";

}  // namespace piperpc::tools
