// piperpcd's command line.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "piperpc/log.h"
#include "piperpc/server.h"
#include "services/notify/hub.h"

namespace piperpc::daemon {

struct Options {
  std::string endpoint = "piperpcd";
  std::string data_dir = "piperpcd-data";
  bool memory = false;
  ServerOptions server;
  services::HubOptions notify;
  LogLevel log_level = LogLevel::kInfo;
  std::chrono::milliseconds grace{10000};
  std::string stop_word;  // Empty: standard input is left alone.
  bool help = false;
  bool version = false;
};

// INVALID_ARGUMENT names the flag, and what a good value looks like.
absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& arguments);

// What can be told to be wrong before anything is opened or made: see Server::Check().
absl::Status CheckOptions(const Options& options);

std::string HelpText();

}  // namespace piperpc::daemon
