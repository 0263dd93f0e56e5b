// Serves auth.v1, upper.v1 and notify.v1 on a pipe until it is told to end.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "piperpc/endpoint.h"
#include "piperpc/server.h"
#include "tools/piperpcd/descriptors.h"
#include "tools/piperpcd/hosted_services.h"
#include "tools/piperpcd/library_log.h"
#include "tools/piperpcd/line_output.h"
#include "tools/piperpcd/log_writer.h"
#include "tools/piperpcd/options.h"
#include "tools/piperpcd/stop_request.h"
#include "tools/shared/arguments.h"
#include "tools/shared/standard_streams.h"

namespace piperpc::daemon {
namespace {

enum ExitCode : int { kExitOk = 0, kExitNotStarted = 1, kExitUsage = 64 };

constexpr std::size_t kTextBytes = 64 * 1024;

LineOutput::Sink To(std::FILE* file) {
  return [file](std::string_view bytes) {
    std::fwrite(bytes.data(), 1, bytes.size(), file);
    std::fflush(file);
  };
}

// Where a standard stream is a pipe that is full, its thread is in the middle of a write, and the
// end of the C library would wait for that: then the process ends without it.
int End(int code, bool all_written) {
  if (!all_written) std::_Exit(code);
  return code;
}

int Refuse(const absl::Status& status, ExitCode code) {
  LineOutput error(To(stderr), kTextBytes);
  error.Write(absl::StrCat("piperpcd: ", status.ToString(), "\n"));
  return End(code, error.Flush(LineOutput::kFlushLimit));
}

// The line that whoever started the program waits for.
void SayReady(LineOutput& output, const std::string& endpoint) {
  const absl::StatusOr<Endpoint> parsed = Endpoint::Parse(endpoint);
  output.Write(absl::StrCat("READY ", parsed.ok() ? parsed->address() : endpoint, "\n"));
}

void LogReport(LogWriter& log, const ShutdownReport& report) {
  for (const std::string& call : report.aborted) {
    log.Write({LogLevel::kWarning, "call aborted", {{"call", call}}});
  }
  for (const std::string& client : report.undelivered) {
    log.Write({LogLevel::kWarning, "replies were not read", {{"client", client}}});
  }
  log.Write({LogLevel::kInfo,
             "ended",
             {{"aborted", absl::StrCat(report.aborted.size())},
              {"undelivered", absl::StrCat(report.undelivered.size())}}});
}

int Serve(const Options& options, StopRequest& stop) {
  LineOutput output(To(stdout), kTextBytes);
  LogWriter log(To(stderr), options.log_level);
  const LibraryLog library_log(log.Hook());
  const absl::StatusOr<std::unique_ptr<HostedServices>> services =
      HostedServices::Open(options, log.Hook());
  if (!services.ok()) return Refuse(services.status(), kExitNotStarted);

  ServerOptions server_options = options.server;
  server_options.log = log.Hook();
  Server server(server_options);
  absl::Status status = (*services)->AddTo(server);
  if (status.ok()) status = server.Start(options.endpoint);
  if (!status.ok()) return Refuse(status, kExitNotStarted);
  SayReady(output, options.endpoint);

  const StopReason reason = stop.Wait(options.stop_word);
  log.Write({LogLevel::kInfo, "ending", {{"reason", reason.text}}});
  (*services)->StopServing();
  LogReport(log, server.Shutdown(std::min(options.grace, reason.time_left)));
  const bool log_written = log.Finish(LineOutput::kFlushLimit);
  return End(kExitOk, output.Flush(LineOutput::kFlushLimit) && log_written);
}

int Run(const std::vector<std::string>& arguments) {
  StopRequest stop;  // First: the threads that follow leave the signals to it.
  AllowManyDescriptors();
  const absl::StatusOr<Options> options = ParseOptions(arguments);
  if (!options.ok()) return Refuse(options.status(), kExitUsage);
  if (options->help) {
    std::fputs(HelpText().c_str(), stdout);
  } else if (options->version) {
    std::puts("piperpcd " PIPERPC_VERSION);
  } else {
    const absl::Status checked = CheckOptions(*options);
    return checked.ok() ? Serve(*options, stop) : Refuse(checked, kExitUsage);
  }
  return kExitOk;
}

}  // namespace
}  // namespace piperpc::daemon

int main(int argc, char** argv) {
  piperpc::tools::PrepareStandardStreams();
  return piperpc::daemon::Run(piperpc::tools::Arguments(argc, argv));
}
