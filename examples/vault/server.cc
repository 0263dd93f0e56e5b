// vault_server ENDPOINT SECRET: serves those who know the secret, until a signal ends it.
#include "piperpc/server.h"

#include <atomic>
#include <chrono>
#include <csignal>
#include <iostream>
#include <string>
#include <thread>
#include <utility>

#include "vault/v1/vault.piperpc.h"

using namespace vault::v1;

namespace {

class Vault final : public VaultService {
 public:
  explicit Vault(std::string secret) : secret_(std::move(secret)) {}

 private:
  // The login holds for this connection alone, until it ends or the user is cleared.
  piperpc::Task<absl::StatusOr<LoginResponse>> CoLogin(piperpc::ServerContext& context,
                                                       LoginRequest request) override {
    if (request.name().empty()) co_return absl::InvalidArgumentError("the name is empty");
    if (request.secret() != secret_) co_return absl::UnauthenticatedError("that is not the secret");
    context.session().set_user(request.name());
    co_return LoginResponse();
  }

  // The server has seen to it that somebody is logged in: see the .proto.
  piperpc::Task<absl::StatusOr<ReadResponse>> CoRead(piperpc::ServerContext& context,
                                                     ReadRequest) override {
    ReadResponse response;
    response.set_text("Opened by " + context.session().user().value_or("nobody"));
    co_return response;
  }

  const std::string secret_;
};

std::atomic<bool> told_to_end = false;

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: vault_server ENDPOINT SECRET\n";
    return 2;
  }
  for (const int number : {SIGINT, SIGTERM}) {
    std::signal(number, [](int) { told_to_end = true; });
  }
  Vault vault(argv[2]);
  piperpc::Server server;
  absl::Status status = server.AddService(vault);
  if (status.ok()) status = server.Start(argv[1]);
  if (!status.ok()) {
    std::cerr << status << "\n";
    return 1;
  }
  std::cout << "ready; end with Ctrl-C or SIGTERM" << std::endl;
  // A signal handler may do very little, so this thread checks its flag.
  while (!told_to_end) std::this_thread::sleep_for(std::chrono::milliseconds(50));

  // Calls may go on for five seconds; the report names what did not end in time.
  const piperpc::ShutdownReport report = server.Shutdown(std::chrono::seconds(5));
  for (const std::string& call : report.stopped) std::cerr << "stopped: " << call << "\n";
  for (const std::string& call : report.aborted) std::cerr << "aborted: " << call << "\n";
  for (const std::string& client : report.undelivered)
    std::cerr << "replies not read: " << client << "\n";
  for (const std::string& loop : report.delayed) std::cerr << "delayed: " << loop << "\n";
  for (const std::string& thread : report.blocked) std::cerr << "blocked: " << thread << "\n";
  return report.clean() ? 0 : 1;
}
