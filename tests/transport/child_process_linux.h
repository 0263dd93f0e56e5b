// Runs a part of a test in a process of its own: for what would change this one, or end it.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <string>

#include "absl/base/config.h"

namespace piperpc::transport {

// Whether a child that was made beside other threads may wait for ever as it allocates: ASan's
// allocator has locks, and those that another thread held at the fork() are never released there.
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
inline constexpr bool kChildMayHang = true;
#else
inline constexpr bool kChildMayHang = false;
#endif
inline constexpr char kWhyChildMayHang[] =
    "ASan's allocator has locks that a child never gets back";

// Whether TSan may see a race of a child with a thread that only its parent had: where the system
// gives the child memory that was that thread's.
#ifdef ABSL_HAVE_THREAD_SANITIZER
inline constexpr bool kChildMayRace = true;
#else
inline constexpr bool kChildMayRace = false;
#endif

// A child that hangs is ended then.
inline constexpr unsigned kChildSeconds = 60;

// What `body` found to be wrong, in a child process; nothing, if all is well there.
inline std::string FaultsInChild(const std::function<std::string()>& body) {
  int found[2];
  if (::pipe(found) != 0) return "no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(kChildSeconds);
    const std::string faults = body();
    const bool told = ::write(found[1], faults.data(), faults.size()) >= 0;
    ::_exit(told ? 0 : 1);
  }
  ::close(found[1]);
  std::string faults;
  std::array<char, 1024> part;
  for (ssize_t size; (size = ::read(found[0], part.data(), part.size())) > 0;) {
    faults.append(part.data(), static_cast<std::size_t>(size));
  }
  ::close(found[0]);
  int status = 0;
  if (::waitpid(child, &status, 0) != child) return "no child";
  if (WIFSIGNALED(status)) {
    return "the child hung, or died of signal " + std::to_string(WTERMSIG(status));
  }
  return status == 0 ? faults : "the child failed: " + faults;
}

// True when `body` returned true, in a child process.
inline bool InChild(const std::function<bool()>& body) {
  return FaultsInChild([&] { return std::string(body() ? "" : "false"); }).empty();
}

// A child that goes on until it is killed, which is at the latest at the end of this object.
class ChildProcess {
 public:
  // Returns when `body` has called the function that it is given, or has ended. `body` then waits.
  explicit ChildProcess(const std::function<void(const std::function<void()>& ready)>& body) {
    int ready[2];
    if (::pipe(ready) != 0) return;
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ready[0]);
      body([&] {
        if (::write(ready[1], "y", 1) != 1) ::_exit(2);
      });
      while (true) ::pause();
    }
    ::close(ready[1]);
    char byte = 0;
    ready_ = ::read(ready[0], &byte, 1) == 1;
    ::close(ready[0]);
  }
  ~ChildProcess() { Kill(); }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  bool ready() const { return ready_; }

  // Returns when the process is gone.
  void Kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
  bool ready_ = false;
};

}  // namespace piperpc::transport
