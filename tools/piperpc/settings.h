// The command line, taken apart.
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

// What the flags say. They hold for every command; one that has no use for a flag ignores it.
struct Settings {
  std::string endpoint = "piperpcd";
  std::string backend = "auto";
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
  std::string command;  // Empty: none was given.
  std::vector<std::string> words;
};

// The value of an environment variable; none when it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;

// PIPERPC_ENDPOINT is the endpoint where no flag gives one. A usage error names the flag.
OutcomeOr<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments,
                                        const Environment& environment);

// One line for each flag.
std::string FlagHelp();

// "key=value" of --metadata, checked by the rules of piperpc/metadata.h. INVALID_ARGUMENT, as a
// flag's setter gives it.
absl::Status AddMetadata(std::string_view text, Metadata& metadata);

}  // namespace piperpc::cli
