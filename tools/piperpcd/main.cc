// Serves auth.v1, upper.v1 and notify.v1 on a pipe until it is told to end.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "piperpc/endpoint.h"
#include "piperpc/server.h"
#include "tools/piperpcd/descriptors.h"
#include "tools/piperpcd/hosted_services.h"
#include "tools/piperpcd/log_writer.h"
#include "tools/piperpcd/options.h"
#include "tools/piperpcd/stop_request.h"
#include "tools/shared/arguments.h"
#include "tools/shared/standard_streams.h"

namespace piperpc::daemon {
namespace {

enum ExitCode : int { kExitOk = 0, kExitNotStarted = 1, kExitUsage = 64 };

int Refuse(const absl::Status& status, ExitCode code) {
  std::fprintf(stderr, "piperpcd: %s\n", status.ToString().c_str());
  std::fflush(stderr);
  return code;
}

// The line that whoever started the program waits for.
void SayReady(const std::string& endpoint) {
  const absl::StatusOr<Endpoint> parsed = Endpoint::Parse(endpoint);
  std::printf("READY %s\n", parsed.ok() ? parsed->address().c_str() : endpoint.c_str());
  std::fflush(stdout);
}

void LogReport(LogWriter& log, const ShutdownReport& report) {
  for (const std::string& call : report.aborted) {
    log.Write({LogLevel::kWarning, "call aborted", {{"call", call}}});
  }
  log.Write({LogLevel::kInfo, "ended", {{"aborted", absl::StrCat(report.aborted.size())}}});
}

int Serve(const Options& options, StopRequest& stop) {
  LogWriter log(stderr, options.log_level);
  const absl::StatusOr<std::unique_ptr<HostedServices>> services = HostedServices::Open(options);
  if (!services.ok()) return Refuse(services.status(), kExitNotStarted);

  ServerOptions server_options = options.server;
  server_options.log = log.Hook();
  Server server(server_options);
  absl::Status status = (*services)->AddTo(server);
  if (status.ok()) status = server.Start(options.endpoint);
  if (!status.ok()) return Refuse(status, kExitNotStarted);
  SayReady(options.endpoint);

  const StopReason reason = stop.Wait(options.stop_word);
  log.Write({LogLevel::kInfo, "ending", {{"reason", reason.text}}});
  (*services)->StopServing();
  LogReport(log, server.Shutdown(std::min(options.grace, reason.time_left)));
  return kExitOk;
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
    return Serve(*options, stop);
  }
  return kExitOk;
}

}  // namespace
}  // namespace piperpc::daemon

int main(int argc, char** argv) {
  piperpc::tools::PrepareStandardStreams();
  return piperpc::daemon::Run(piperpc::tools::Arguments(argc, argv));
}
