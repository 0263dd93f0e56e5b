// Serves auth.v1, upper.v1 and notify.v1 on a pipe until it is told to end.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "piperpc/access_log.h"
#include "piperpc/endpoint.h"
#include "piperpc/internal/visible_text.h"
#include "piperpc/metrics.h"
#include "piperpc/server.h"
#include "piperpc/service_manager.h"
#include "tools/piperpcd/descriptors.h"
#include "tools/piperpcd/hosted_services.h"
#include "tools/piperpcd/line_output.h"
#include "tools/piperpcd/log_writer.h"
#include "tools/piperpcd/metrics_file.h"
#include "tools/piperpcd/options.h"
#include "tools/piperpcd/shutdown_log.h"
#include "tools/piperpcd/stop_request.h"
#include "tools/piperpcd/supervision.h"
#include "tools/shared/arguments.h"
#include "tools/shared/library_log.h"
#include "tools/shared/standard_streams.h"

namespace piperpc::daemon {
namespace {

enum ExitCode : int { kExitOk = 0, kExitNotStarted = 1, kExitUsage = 64, kExitIo = 74 };

constexpr std::size_t kTextBytes = 64 * 1024;

LineOutput::Sink To(std::FILE* file) {
  return [file](std::string_view bytes) { return tools::WriteText(file, bytes); };
}

// Where a standard stream is a pipe that is full, its thread is in the middle of a write, and the
// end of the C library would wait for that: then the process ends without it.
int End(int code, bool all_written) {
  if (!all_written) std::_Exit(code);
  return code;
}

int EndWith(std::string_view text, ExitCode code) {
  const std::string line = absl::StrCat("piperpcd: ", internal::VisibleLine(text), "\n");
  LineOutput error(To(stderr), kTextBytes);
  error.Write(line);
  const absl::Status written = error.Flush(LineOutput::kFlushLimit);
  // Without a thread it may have to wait for its reader; there is nothing else left to do.
  if (absl::IsResourceExhausted(written)) tools::WriteText(stderr, line);
  return End(code, written.ok());
}

int Refuse(const absl::Status& status, ExitCode code) {
  return EndWith(std::string(status.message()), code);
}

// Why it does not start, in the last line.
int RefuseAfter(LogWriter& log, const absl::Status& status) {
  log.Finish(LineOutput::kFlushLimit);
  return Refuse(status, kExitNotStarted);
}

// For what the program is asked to show, and ends.
int Show(const std::string& text) {
  const std::error_code error = tools::WriteText(stdout, text);
  if (!error) return kExitOk;
  return EndWith(absl::StrCat("cannot write to standard output: ", error.message()), kExitIo);
}

// The line that whoever started the program waits for. They may be slow; false: they never get it.
bool SayReady(LineOutput& output, const std::string& address, LogWriter& log) {
  output.Write(absl::StrCat("READY ", address, "\n"));
  const absl::Status written = output.Flush(LineOutput::kFlushLimit);
  if (written.ok()) return true;
  const bool slow = absl::IsDeadlineExceeded(written);
  log.Write({slow ? LogLevel::kWarning : LogLevel::kError,
             slow ? "nobody reads the READY line" : "cannot write the READY line",
             {{"reason", std::string(written.message())}}});
  return slow;
}

// Right before the end, which waits no longer than a reader needs who is there.
void LogSecond(LogWriter& log, const std::string& name) {
  log.Write({LogLevel::kWarning, "second signal", {{"reason", name}}});
  log.Finish(std::chrono::milliseconds(200));
}

// What the operator wants to see of the calls.
void Observe(const Options& options, LogWriter& log, ServerOptions& server) {
  server.metrics = std::make_shared<Metrics>();
  if (options.access_log) {
    server.middleware.push_back(
        AccessLog({.log = [&log](const LogRecord& record) { log.Write(record); }}));
  }
}

// Null where it is not wanted.
absl::StatusOr<std::unique_ptr<MetricsFile>> OpenMetricsFile(const Options& options,
                                                             const ServerOptions& server,
                                                             LogWriter& log) {
  if (options.metrics_file.empty()) return nullptr;
  const auto tell = [&log](const absl::Status& written) {
    log.Write({written.ok() ? LogLevel::kInfo : LogLevel::kWarning,
               written.ok() ? "metrics written again" : "metrics not written",
               {{"reason", std::string(written.message())}}});
  };
  return MetricsFile::Open(options.metrics_file, options.metrics_pause, server.metrics, tell);
}

// The addresses at which it serves from now on, on a line for people: the sockets that the service
// manager has handed over, or the endpoint.
absl::StatusOr<std::string> Start(Server& server, ServiceManager& manager,
                                  const std::string& endpoint) {
  if (!manager.sockets().empty()) {
    std::string addresses = internal::VisibleLine(AddressesOf(manager.sockets()));
    absl::Status status = server.StartOn(manager.TakeSockets());
    return status.ok() ? absl::StatusOr<std::string>(std::move(addresses)) : status;
  }
  if (absl::Status status = server.Start(endpoint); !status.ok()) return status;
  const absl::StatusOr<Endpoint> parsed = Endpoint::Parse(endpoint);
  return internal::VisibleLine(parsed.ok() ? parsed->address() : endpoint);
}

// News that does not come through stops nothing.
void Notify(const ServiceManager& manager, std::string_view lines, LogWriter& log) {
  const absl::Status told = manager.Notify(lines);
  if (told.ok()) return;
  log.Write({LogLevel::kWarning,
             "service manager not notified",
             {{"reason", std::string(told.message())}}});
}

// By itself, so that it arrives whatever becomes of the text: a manager reads 4 KiB of each.
void TellReady(const ServiceManager& manager, const std::string& address, LogWriter& log) {
  constexpr std::size_t kLongestStatus = 1000;
  Notify(manager, "READY=1", log);
  Notify(manager, absl::StrCat("STATUS=Serves at ", address.substr(0, kLongestStatus)), log);
}

absl::StatusOr<std::unique_ptr<Watchdog>> StartWatchdog(const ServiceManager& manager,
                                                        Server& server, LogWriter& log) {
  return Watchdog::Start(manager, server, [&log](const absl::Status& trouble) {
    log.Write({LogLevel::kError, "watchdog", {{"reason", std::string(trouble.message())}}});
  });
}

int Serve(const Options& options, StopRequest& stop, ServiceManager& manager) {
  LineOutput output(To(stdout), kTextBytes);
  LogWriter log(To(stderr), options.log_level);
  const tools::LibraryLog library_log(log.Hook());
  const absl::StatusOr<std::unique_ptr<HostedServices>> services =
      HostedServices::Open(options, log.Hook());
  if (!services.ok()) return RefuseAfter(log, services.status());

  ServerOptions server_options = options.server;
  server_options.log = log.Hook();
  Observe(options, log, server_options);
  Server server(server_options);
  const auto metrics_file = OpenMetricsFile(options, server_options, log);
  absl::Status status = metrics_file.status();
  if (status.ok()) status = (*services)->AddTo(server);
  if (!status.ok()) return RefuseAfter(log, status);
  const absl::StatusOr<std::string> address = Start(server, manager, options.endpoint);
  if (!address.ok()) return RefuseAfter(log, address.status());
  const auto watchdog = StartWatchdog(manager, server, log);
  if (!watchdog.ok()) return RefuseAfter(log, watchdog.status());
  // Whoever waits for that line must not wait for ever: the program ends.
  const bool ready = SayReady(output, *address, log);
  if (ready) TellReady(manager, *address, log);
  const StopReason reason = ready ? stop.Wait(options.stop_word) : StopReason{"no READY line"};
  log.Write({LogLevel::kInfo, "ending", {{"reason", reason.text}}});
  const SecondSignal second([&log](const std::string& name) { LogSecond(log, name); });
  Notify(manager, absl::StrCat("STOPPING=1\nSTATUS=Ends: ", reason.text), log);
  LogReport(log, server.Shutdown(std::min(options.grace, reason.time_left)));
  const bool log_written = log.Finish(LineOutput::kFlushLimit);
  const bool all_written = output.Flush(LineOutput::kFlushLimit).ok() && log_written;
  return End(ready ? kExitOk : kExitIo, all_written);
}

int Run(const std::vector<std::string>& arguments) {
  StopRequest stop;  // First: the threads that follow leave the signals to it.
  AllowManyDescriptors();
  const absl::StatusOr<Options> options = ParseOptions(arguments);
  if (!options.ok()) return Refuse(options.status(), kExitUsage);
  if (options->help) return Show(HelpText());
  if (options->version) return Show("piperpcd " PIPERPC_VERSION "\n");
  absl::StatusOr<ServiceManager> manager = ServiceManager::FromEnvironment();
  if (!manager.ok()) return Refuse(manager.status(), kExitNotStarted);
  if (const auto& sockets = manager->sockets(); !sockets.empty()) {
    const absl::Status checked = CheckListening(sockets);
    return checked.ok() ? Serve(*options, stop, *manager) : Refuse(checked, kExitNotStarted);
  }
  const absl::Status checked = CheckOptions(*options);
  return checked.ok() ? Serve(*options, stop, *manager) : Refuse(checked, kExitUsage);
}

}  // namespace
}  // namespace piperpc::daemon

// The system may refuse memory anywhere.
int main(int argc, char** argv) {
  try {
    piperpc::tools::PrepareStandardStreams();
    return piperpc::daemon::Run(piperpc::tools::Arguments(argc, argv));
  } catch (const std::exception& error) {
    return piperpc::daemon::EndWith(absl::StrCat("unexpected error: ", error.what()),
                                    piperpc::daemon::kExitIo);
  }
}
