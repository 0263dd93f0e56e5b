#include "tools/piperpc/settings.h"

#include <cstdint>
#include <limits>

#include "absl/strings/str_cat.h"
#include "tools/piperpc/failure.h"
#include "tools/shared/flags.h"
#include "tools/shared/shared_flags.h"

namespace piperpc::cli {
namespace {

constexpr std::chrono::milliseconds kShortestTimeout{1};
constexpr std::size_t kLeastMessage = 64 * 1024;
constexpr std::size_t kLargestMessage = std::numeric_limits<std::int32_t>::max();

absl::Status SetTimeout(std::string_view text, std::optional<std::chrono::milliseconds>& timeout) {
  const auto parsed = tools::ParseDuration(text, kShortestTimeout);
  if (parsed.ok()) timeout = *parsed;
  return parsed.status();
}

tools::FlagSet FlagsFor(Settings& settings) {
  tools::FlagSet flags;
  tools::FlagValue endpoint = tools::SetText(settings.endpoint);
  endpoint.initial = absl::StrCat("PIPERPC_ENDPOINT, else ", Settings().endpoint);
  flags.Add("endpoint", "NAME", "the server: a short name or a pipe's address", endpoint);
  flags.Add("timeout", "DURATION", "the limit for the whole command, including input",
            {[&settings](std::string_view text) { return SetTimeout(text, settings.timeout); },
             "30s for a single reply, else none", tools::DurationRange(kShortestTimeout)});
  flags.AddSwitch("wait", "wait for a server that is not running yet", &settings.wait);
  flags.Add("metadata", "KEY=VALUE", "sent with every call; may be repeated",
            {[&settings](std::string_view text) { return AddMetadata(text, settings.metadata); }});
  flags.Add("user", "NAME", "log in first, on the same connection", tools::SetText(settings.user));
  tools::FlagValue password_file = tools::SetText(settings.password_file);
  password_file.initial = "PIPERPC_PASSWORD, else the terminal is asked";
  flags.Add("password-file", "FILE", "a file whose first line is the password", password_file);
  flags.AddSwitch("register", "allow a new name for --user, and register it with the password",
                  &settings.may_register);
  flags.AddSwitch("pretty", "print replies on several lines, even if not to a terminal",
                  &settings.pretty);
  flags.Add("max-message", "SIZE", "the largest reply to accept",
            tools::SetSize(settings.max_message_bytes, kLeastMessage, kLargestMessage));
  flags.Add("backend", "NAME", tools::kBackendHelp, tools::SetText(settings.backend));
  flags.AddSwitch("allow-unprotected-abstract-socket", tools::kAllowAbstractHelp,
                  &settings.allow_abstract);
  flags.AddSwitch("help", "show this", &settings.help);
  flags.AddSwitch("version", "show the version", &settings.version);
  return flags;
}

}  // namespace

absl::Status AddMetadata(std::string_view text, Metadata& metadata) {
  const std::size_t equals = text.find('=');
  if (equals == text.npos) {
    return absl::InvalidArgumentError(absl::StrCat("\"", std::string(text), "\" is not KEY=VALUE"));
  }
  const std::string_view key = text.substr(0, equals);
  if (absl::Status status = CheckMetadataKey(key); !status.ok()) return status;
  metadata.emplace_back(key, text.substr(equals + 1));
  return absl::OkStatus();
}

OutcomeOr<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments,
                                        const Environment& environment) {
  CommandLine line;
  line.settings.endpoint = environment("PIPERPC_ENDPOINT").value_or(line.settings.endpoint);
  absl::StatusOr<std::vector<std::string>> words = FlagsFor(line.settings).Parse(arguments);
  if (!words.ok()) return UsageError(std::string(words.status().message()));
  if (line.settings.endpoint.empty()) {  // A flag's value never is.
    return UsageError("PIPERPC_ENDPOINT is empty; unset it, or give --endpoint");
  }
  if (line.settings.may_register && line.settings.user.empty()) {
    return UsageError("--register needs --user, the name to register");
  }
  if (!words->empty()) {
    line.command = words->front();
    line.words.assign(words->begin() + 1, words->end());
  }
  return line;
}

std::string FlagHelp() {
  Settings settings;
  return FlagsFor(settings).Help();
}

}  // namespace piperpc::cli
