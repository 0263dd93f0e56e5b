// The help of flags that both programs have.
#pragma once

namespace piperpc::tools {

// --backend. Which of them this system has is checked by the library.
inline constexpr char kBackendHelp[] =
    "how to do I/O: auto; on Linux also epoll or io_uring, on Windows also iocp";

// --allow-unprotected-abstract-socket
inline constexpr char kAllowAbstractHelp[] =
    "on Linux: allow an endpoint @name, to which any process of the network namespace can connect";

}  // namespace piperpc::tools
