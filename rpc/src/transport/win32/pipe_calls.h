// The system calls whose arguments decide who may do what with a pipe. A seam: tests read what
// Windows is told, also where Wine would not enforce it.
#pragma once

#include <windows.h>

#include <string>

namespace piperpc::transport {

class PipeCalls {
 public:
  // The arguments of CreateNamedPipeW.
  struct NewInstance {
    std::wstring name;
    DWORD open_mode;
    DWORD pipe_mode;
    DWORD max_instances;
    DWORD buffer_bytes;  // Each way.
    SECURITY_ATTRIBUTES security;
  };

  // The arguments of CreateFileW.
  struct OpenPipe {
    std::wstring name;
    DWORD access;
    DWORD share;
    DWORD flags;
  };

  virtual ~PipeCalls() = default;
  virtual HANDLE Create(const NewInstance& arguments);
  virtual HANDLE Open(const OpenPipe& arguments);
};

}  // namespace piperpc::transport
