#include "src/transport/win32/pipe_calls.h"

namespace piperpc::transport {

HANDLE PipeCalls::Create(const NewInstance& arguments) {
  SECURITY_ATTRIBUTES security = arguments.security;
  return ::CreateNamedPipeW(arguments.name.c_str(), arguments.open_mode, arguments.pipe_mode,
                            arguments.max_instances, arguments.buffer_bytes, arguments.buffer_bytes,
                            0, &security);
}

HANDLE PipeCalls::Open(const OpenPipe& arguments) {
  return ::CreateFileW(arguments.name.c_str(), arguments.access, arguments.share, nullptr,
                       OPEN_EXISTING, arguments.flags, nullptr);
}

}  // namespace piperpc::transport
