#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "piperpc/open_socket.h"
#include "plugin_process.h"
#include "plugin_socket.h"

namespace {

using piperpc::OpenSocket;

absl::StatusOr<std::pair<OpenSocket, OpenSocket>> SocketPair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return absl::ErrnoToStatus(errno, "cannot make a pair of sockets");
  }
  absl::StatusOr<OpenSocket> first = OpenSocket::Take(ends[0], "plug-in");
  absl::StatusOr<OpenSocket> second = OpenSocket::Take(ends[1]);
  if (!first.ok()) return first.status();
  if (!second.ok()) return second.status();
  return std::pair(*std::move(first), *std::move(second));
}

// The process inherits `socket`, the standard output and the standard error, and nothing else that
// is not meant for it: descriptors should have FD_CLOEXEC, as those of the library do.
//
// This process does not keep that end: it would not notice that the plug-in has died.
absl::StatusOr<pid_t> Spawn(const std::vector<std::string>& command, OpenSocket socket) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, socket.descriptor(), kPluginSocket);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return absl::ErrnoToStatus(error, "cannot start " + command.front());
  return pid;
}

// glibc 2.36 has pidfd_open() for C alone.
int OpenPidfd(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

// `pid` is a child that nobody has waited for.
std::string WaitFor(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return "an end that nobody saw";
  }
  if (WIFEXITED(status)) return "exit code " + std::to_string(WEXITSTATUS(status));
  const int number = WTERMSIG(status);
  return "signal " + std::to_string(number) + " (" + strsignal(number) + ")";
}

}  // namespace

absl::StatusOr<std::unique_ptr<PluginProcess>> PluginProcess::Start(
    const std::vector<std::string>& command, std::chrono::milliseconds timeout) {
  if (command.empty()) return absl::InvalidArgumentError("the command of the plug-in is empty");
  absl::StatusOr<std::pair<OpenSocket, OpenSocket>> sockets = SocketPair();
  if (!sockets.ok()) return sockets.status();
  auto& [own, inherited] = *sockets;
  const absl::StatusOr<pid_t> pid = Spawn(command, std::move(inherited));
  if (!pid.ok()) return pid.status();
  const int pidfd = OpenPidfd(*pid);
  if (pidfd < 0) {
    absl::Status status = absl::ErrnoToStatus(errno, "cannot watch " + command.front());
    kill(*pid, SIGKILL);
    WaitFor(*pid);
    return status;
  }
  std::unique_ptr<PluginProcess> process(
      new PluginProcess(*pid, pidfd, piperpc::ConnectOver(std::move(own))));
  const absl::Status ready = process->channel()->WaitUntilReady(timeout);
  if (ready.ok()) return process;
  process->Kill();
  return absl::Status(ready.code(), command.front() + " does not serve (" + process->End() +
                                        "): " + std::string(ready.message()));
}

PluginProcess::PluginProcess(int pid, int pidfd, std::shared_ptr<piperpc::Channel> channel)
    : pid_(pid), pidfd_(pidfd), channel_(std::move(channel)) {}

PluginProcess::~PluginProcess() {
  End();
  close(pidfd_);
}

bool PluginProcess::IsAlive() const {
  return channel_->peer().has_value() && !WaitForEnd(std::chrono::milliseconds(0));
}

void PluginProcess::Kill() {
  if (end_.empty()) kill(pid_, SIGKILL);
}

std::string PluginProcess::End(std::chrono::milliseconds grace) {
  if (!end_.empty()) return end_;
  channel_->Close();
  if (!WaitForEnd(grace)) Kill();
  end_ = WaitFor(pid_);
  return end_;
}

bool PluginProcess::WaitForEnd(std::chrono::milliseconds limit) const {
  pollfd waiting{pidfd_, POLLIN, 0};
  int ready = 0;
  do {
    ready = poll(&waiting, 1, static_cast<int>(limit.count()));
  } while (ready < 0 && errno == EINTR);
  return ready == 1;
}
