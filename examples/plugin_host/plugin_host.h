// Keeps a plug-in running.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "piperpc/channel.h"
#include "plugin_process.h"

struct PluginHostOptions {
  std::vector<std::string> command;  // The plug-in's program and its arguments.
  std::chrono::milliseconds start_timeout{10000};

  // Of how many deaths within a minute it is started again; failed starts count, too.
  std::size_t max_deaths = 3;

  // If not null: is told of each death. It runs with a lock of the host, and must not call it.
  std::function<void(const std::string& message)> log{};
};

// Thread-safe. Its destructor ends the plug-in.
class PluginHost {
 public:
  explicit PluginHost(PluginHostOptions options) : options_(std::move(options)) {}

  // A channel to the plug-in, which is started where it does not run, or does not any more. Ask
  // before each call. A call that the plug-in dies in ends with UNAVAILABLE; it may have done some
  // of its work, so whether to make it again is for the caller to decide. Blocks while the plug-in
  // starts.
  //   RESOURCE_EXHAUSTED: it has died too often.
  //   Others: it cannot be started, as PluginProcess::Start() says.
  absl::StatusOr<std::shared_ptr<piperpc::Channel>> Channel();

  // For a plug-in that hangs: ends it, if it is the one of this channel. Channel() starts another.
  void Kill(const std::shared_ptr<piperpc::Channel>& channel);

 private:
  // With the mutex.
  void Bury();
  void NoteDeath(const std::string& how);
  absl::Status CheckDeaths();

  const PluginHostOptions options_;
  std::mutex mutex_;
  std::unique_ptr<PluginProcess> process_;  // Null: none was started, or the last one has died.
  std::deque<std::chrono::steady_clock::time_point> deaths_;  // Of the last minute.
};
