// Makes the system refuse calls, by seccomp(2). For a child process: it cannot be undone.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "child_process_linux.h"

namespace piperpc::transport {

struct RefusedCall {
  long number;                            // SYS_fcntl.
  int error;                              // What it fails with.
  std::optional<std::uint32_t> argument;  // Only with this second argument.
};

// False where the system does not let us: see CanRefuseCalls().
inline bool RefuseCalls(const std::vector<RefusedCall>& calls) {
  std::vector<sock_filter> program;
  for (const RefusedCall& call : calls) {
    program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    const std::uint8_t rest = call.argument.has_value() ? 3 : 1;
    program.push_back(
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call.number), 0, rest));
    if (call.argument.has_value()) {
      program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[1])));
      program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, *call.argument, 0, 1));
    }
    program.push_back(
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(call.error)));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog filter = {.len = static_cast<unsigned short>(program.size()),
                             .filter = program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// Tried once, in a child. A test that needs RefuseCalls() is skipped where this is false.
inline bool CanRefuseCalls() {
  static const bool can = InChild([] { return RefuseCalls({}); });
  return can;
}

inline constexpr char kCannotRefuseCalls[] = "the system lets nobody filter system calls here";

}  // namespace piperpc::transport
