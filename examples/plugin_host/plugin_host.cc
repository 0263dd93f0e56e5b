#include "plugin_host.h"

using std::chrono::steady_clock;

absl::StatusOr<std::shared_ptr<piperpc::Channel>> PluginHost::Channel() {
  const std::lock_guard lock(mutex_);
  if (process_ != nullptr && process_->IsAlive()) return process_->channel();
  if (process_ != nullptr) Bury();
  absl::Status status = CheckDeaths();
  if (!status.ok()) return status;
  absl::StatusOr<std::unique_ptr<PluginProcess>> started =
      PluginProcess::Start(options_.command, options_.start_timeout);
  if (!started.ok()) {
    NoteDeath("the plug-in did not start: " + started.status().ToString());
    return started.status();
  }
  process_ = *std::move(started);
  return process_->channel();
}

void PluginHost::Kill(const std::shared_ptr<piperpc::Channel>& channel) {
  const std::lock_guard lock(mutex_);
  if (process_ == nullptr || process_->channel() != channel) return;  // Another one by now.
  process_->Kill();
  Bury();
}

void PluginHost::Bury() {
  NoteDeath("the plug-in has died: " + process_->End());
  process_.reset();
}

void PluginHost::NoteDeath(const std::string& how) {
  deaths_.push_back(steady_clock::now());
  if (options_.log) options_.log(how);
}

absl::Status PluginHost::CheckDeaths() {
  const steady_clock::time_point minute_ago = steady_clock::now() - std::chrono::minutes(1);
  while (!deaths_.empty() && deaths_.front() < minute_ago) deaths_.pop_front();
  if (deaths_.size() <= options_.max_deaths) return absl::OkStatus();
  return absl::ResourceExhaustedError("the plug-in has died " + std::to_string(deaths_.size()) +
                                      " times within a minute; it is started again after " +
                                      std::to_string(options_.max_deaths) + " (max_deaths)");
}
