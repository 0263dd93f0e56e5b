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
  std::string stop_word;  // Empty: standard input is not read.
  bool access_log = false;
  std::string metrics_file;  // Empty: none.
  std::chrono::milliseconds metrics_pause{15000};
  bool help = false;
  bool version = false;
};

// INVALID_ARGUMENT: a flag is wrong; the text names it and says what is valid.
absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& arguments);

// Finds errors that can be found before anything is opened or created: see Server::Check().
absl::Status CheckOptions(const Options& options);

std::string HelpText();

}  // namespace piperpc::daemon
