// A process that serves this one, over a socket that it inherits.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "piperpc/channel.h"

// Not thread-safe, except for what channel() returns.
class PluginProcess {
 public:
  // Starts `command`, a program and its arguments, and waits until it serves, at most for
  // `timeout`. A program without a slash is looked for in PATH.
  //   NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED, ...: it cannot be started; the text has the
  //     system's reason.
  //   UNAVAILABLE, DEADLINE_EXCEEDED, ...: it does not serve, as Channel::WaitUntilReady() says.
  static absl::StatusOr<std::unique_ptr<PluginProcess>> Start(
      const std::vector<std::string>& command, std::chrono::milliseconds timeout);

  ~PluginProcess();  // As End().
  PluginProcess(const PluginProcess&) = delete;
  PluginProcess& operator=(const PluginProcess&) = delete;

  // Whether it runs and is connected.
  bool IsAlive() const;

  const std::shared_ptr<piperpc::Channel>& channel() const { return channel_; }

  // Ends it now, whatever it does.
  void Kill();

  // Closes the channel, which is how a plug-in knows that it should end, and waits for that. Kills
  // it where it has not ended after `grace`. Returns how it ended, or had ended before, such as
  // "exit code 0" or "signal 6 (Aborted)".
  std::string End(std::chrono::milliseconds grace = std::chrono::seconds(5));

 private:
  PluginProcess(int pid, int pidfd, std::shared_ptr<piperpc::Channel> channel);
  bool WaitForEnd(std::chrono::milliseconds limit) const;

  const int pid_;
  const int pidfd_;  // Readable when the process has ended.
  const std::shared_ptr<piperpc::Channel> channel_;
  std::string end_;  // Empty: nobody has waited for it yet.
};
