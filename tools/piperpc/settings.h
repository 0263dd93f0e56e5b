// Parses the command line.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "piperpc/metadata.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

// The values of the flags. A command ignores flags that do not apply to it.
struct Settings {
  std::string endpoint = "piperpcd";
  std::string backend = "auto";
  bool allow_abstract = false;
  std::optional<std::chrono::milliseconds> timeout;
  std::size_t max_message_bytes = 4 * 1024 * 1024;
  Metadata metadata;
  bool wait = false;
  std::string user;
  std::string password_file;
  bool may_register = false;
  bool pretty = false;
  bool help = false;
  bool version = false;
};

struct CommandLine {
  Settings settings;
  std::string command;  // Empty: no command was given.
  std::vector<std::string> words;
};

// The value of an environment variable; none when it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;

// Without --endpoint, the endpoint is PIPERPC_ENDPOINT. A usage error names the flag that is wrong.
OutcomeOr<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments,
                                        const Environment& environment);

// One line for each flag.
std::string FlagHelp();

// Adds "key=value" of --metadata to `metadata`. INVALID_ARGUMENT: it is not valid by the rules of
// piperpc/metadata.h.
absl::Status AddMetadata(std::string_view text, Metadata& metadata);

}  // namespace piperpc::cli
