#include "tools/piperpcd/options.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/piperpcd/limit_flags.h"
#include "tools/shared/flags.h"
#include "tools/shared/shared_flags.h"

namespace piperpc::daemon {
namespace {

using tools::FlagSet;
using tools::Noting;
using tools::SetDuration;
using tools::SetNumber;
using tools::SetSize;
using tools::SetText;

constexpr std::size_t kKiB = 1024;
constexpr std::chrono::milliseconds kLeastMetricsPause{100};

// The words that a flag takes; its help and its error name them all.
template <typename Value>
using Choices = std::vector<std::pair<std::string, Value>>;

const Choices<Access::Preset>& AccessChoices() {
  static const Choices<Access::Preset> choices = {{"owner", Access::Preset::kOwner},
                                                  {"group", Access::Preset::kGroup},
                                                  {"users", Access::Preset::kAuthenticatedUsers}};
  return choices;
}

// Beside those, the system's own form, which only the system can judge.
constexpr std::string_view kRawAccess = "raw:";
constexpr char kRawAccessHelp[] =
    "raw:MODE (such as raw:0660; on Windows raw: and a security descriptor in SDDL)";

const Choices<notify::v1::SlowPolicy>& PolicyChoices() {
  static const Choices<notify::v1::SlowPolicy> choices = {
      {"block", notify::v1::SLOW_POLICY_BLOCK},
      {"drop-oldest", notify::v1::SLOW_POLICY_DROP_OLDEST},
      {"disconnect", notify::v1::SLOW_POLICY_DISCONNECT}};
  return choices;
}

const Choices<LogLevel>& LevelChoices() {
  static const Choices<LogLevel> choices = {{"debug", LogLevel::kDebug},
                                            {"info", LogLevel::kInfo},
                                            {"warning", LogLevel::kWarning},
                                            {"error", LogLevel::kError}};
  return choices;
}

// "a, b or c"; `last` comes after the choices, unless it is empty.
template <typename Value>
std::string OneOf(const Choices<Value>& choices, std::string_view last = {}) {
  std::vector<std::string> names;
  for (const auto& [name, value] : choices) names.push_back(name);
  if (!last.empty()) names.emplace_back(last);
  const std::string end = names.back();
  names.pop_back();
  return absl::StrCat(absl::StrJoin(names, ", "), " or ", end);
}

absl::Status NotOneOf(std::string_view text, std::string_view allowed) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", std::string(text), "\" is not valid: must be ", std::string(allowed)));
}

template <typename Value>
bool TakeChoice(const Choices<Value>& choices, std::string_view text, Value& target) {
  for (const auto& [name, value] : choices) {
    if (name != text) continue;
    target = value;
    return true;
  }
  return false;
}

template <typename Value>
std::string NameOf(const Choices<Value>& choices, const Value& wanted) {
  for (const auto& [name, value] : choices) {
    if (value == wanted) return name;
  }
  return "none";
}

template <typename Value>
void AddChoice(FlagSet& flags, std::string_view name, std::string_view value_name,
               std::string_view help, const Choices<Value>& choices, Value& target) {
  flags.Add(std::string(name), std::string(value_name),
            absl::StrCat(std::string(help), OneOf(choices)),
            {[&choices, &target](std::string_view text) {
               return TakeChoice(choices, text, target) ? absl::OkStatus()
                                                        : NotOneOf(text, OneOf(choices));
             },
             NameOf(choices, target)});
}

absl::Status SetAccess(std::string_view text, Access& access) {
  if (text.starts_with(kRawAccess)) {
    access.preset = Access::Preset::kRaw;
    access.raw = text.substr(kRawAccess.size());
    return absl::OkStatus();
  }
  return TakeChoice(AccessChoices(), text, access.preset)
             ? absl::OkStatus()
             : NotOneOf(text, OneOf(AccessChoices(), kRawAccessHelp));
}

void AddServerFlags(FlagSet& flags, ServerOptions& server) {
  flags.Add("access", "WHO",
            absl::StrCat("who may connect: ", OneOf(AccessChoices(), kRawAccessHelp)),
            {[&server](std::string_view text) { return SetAccess(text, server.access); },
             NameOf(AccessChoices(), server.access.preset)});
  flags.AddSwitch("remote-clients", "on Windows: clients on other machines may connect, too",
                  &server.access.remote_clients);
  flags.Add("backend", "NAME", tools::kBackendHelp, SetText(server.backend));
  flags.AddSwitch("allow-unprotected-abstract-socket", tools::kAllowAbstractHelp,
                  &server.allow_unprotected_abstract_socket);
  flags.Add("event-loops", "N", "number of threads that serve connections",
            SetNumber(server.event_loops, 1, 64));
  flags.Add("worker-threads", "N", "maximum of threads for handlers that block",
            SetNumber(server.worker_threads, 1, 4096));
  flags.Add("worker-queue", "N", "maximum of calls that wait for such a thread",
            SetNumber(server.worker_queue, 0, kMany));
}

// What was given, where the default cannot tell.
struct Given {
  bool data_dir = false;
  GivenLimits limits;
  bool subscribers_per_user = false;
};

void AddNotifyFlags(FlagSet& flags, services::HubOptions& notify, Given& given) {
  flags.Add("subscriber-queue", "SIZE", "how much may wait for a slow subscriber",
            SetSize(notify.queue_bytes, 4 * kKiB, kMany));
  AddChoice(flags, "subscriber-policy", "POLICY",
            "what to do when more would wait: ", PolicyChoices(), notify.policy);
  flags.Add("max-subscribers", "N", "maximum of subscribers at once",
            SetNumber(notify.max_subscribers, 1, kMany));
  tools::FlagValue per_user = SetNumber(notify.max_subscribers_per_user, 1, kMany);
  per_user.initial = "three quarters of them";
  flags.Add("max-subscribers-per-user", "N", "maximum of subscribers at once of one user",
            Noting(per_user, given.subscribers_per_user));
}

FlagSet FlagsFor(Options& options, Given& given) {
  FlagSet flags;
  flags.Add("endpoint", "NAME", "a short name or a pipe's address", SetText(options.endpoint));
  flags.Add("data-dir", "DIR", "where the accounts are kept",
            Noting(SetText(options.data_dir), given.data_dir));
  flags.AddSwitch("memory", "keep the accounts in memory only", &options.memory);
  AddServerFlags(flags, options.server);
  AddLimitFlags(flags, options.server, given.limits);
  AddNotifyFlags(flags, options.notify, given);
  AddChoice(flags, "log-level", "LEVEL", "log this level and above: ", LevelChoices(),
            options.log_level);
  flags.AddSwitch("access-log", "log each call when it has ended", &options.access_log);
  flags.Add("metrics-file", "FILE",
            "write metrics to it, in Prometheus's text format (such as piperpcd.prom)",
            SetText(options.metrics_file));
  flags.Add("metrics-every", "DURATION", "how often that file is replaced",
            SetDuration(options.metrics_pause, kLeastMetricsPause));
  flags.Add("grace", "DURATION", "how long calls may go on at shutdown",
            SetDuration(options.grace));
  flags.Add("stop-word", "WORD",
            "a line on standard input that shuts the server down, such as quit",
            SetText(options.stop_word));
  flags.AddSwitch("help", "show this", &options.help);
  flags.AddSwitch("version", "show the version", &options.version);
  return flags;
}

// Flags that are right alone and wrong together.
absl::Status CheckTogether(const Options& options, const Given& given) {
  if (options.memory && given.data_dir) {
    return absl::InvalidArgumentError(
        "--memory keeps the accounts in no folder, and --data-dir names one; leave one of them "
        "out");
  }
  const absl::Status limits = CheckLimits(given.limits, options.server);
  if (!limits.ok() || !given.subscribers_per_user) return limits;
  return CheckShare("--max-subscribers-per-user", options.notify.max_subscribers_per_user,
                    "--max-subscribers", options.notify.max_subscribers);
}

}  // namespace

absl::StatusOr<Options> ParseOptions(const std::vector<std::string>& arguments) {
  Options options;
  Given given;
  const absl::StatusOr<std::vector<std::string>> words = FlagsFor(options, given).Parse(arguments);
  if (!words.ok()) return words.status();
  if (!words->empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("unexpected argument \"", words->front(), "\": piperpcd takes only flags"));
  }
  FitBudget(given.limits, options.server);
  const absl::Status together = CheckTogether(options, given);
  if (!together.ok()) return together;
  return options;
}

absl::Status CheckOptions(const Options& options) {
  return Server::Check(options.endpoint, options.server);
}

std::string HelpText() {
  constexpr char kAbout[] = R"(
Prints "READY ADDRESS" to standard output when clients can connect, and logs to standard error, one
JSON object per line.

Ctrl-C (SIGINT), SIGTERM, SIGHUP and the stop word shut it down in order: it accepts no new clients,
lets calls go on for at most --grace, and exits with 0. A second signal ends it at once, unless it
comes within 1 s of the first: then they count as one. Signals that were ignored at the start stay
ignored (SIGHUP under nohup). SIGPIPE and SIGXFSZ do nothing; other signals have their usual effect,
and none reloads the flags. On Windows, Ctrl-C and Ctrl-Break shut it down; so does closing the
console, logging off or shutting down the system, with at most 4 s for calls.

Exit codes: 0 shut down on request; 1 could not start; 64 wrong usage; 74 out of memory, or standard
output cannot be written, so that nobody would learn that it is ready.
)";
  Options options;
  Given given;
  return absl::StrCat("piperpcd: serves auth.v1, upper.v1 and notify.v1 on a pipe.\n\n",
                      FlagsFor(options, given).Help(), kAbout);
}

}  // namespace piperpc::daemon
