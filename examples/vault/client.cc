// vault_client ENDPOINT NAME SECRET: logs in, and reads.
#include <chrono>
#include <iostream>

#include "piperpc/channel.h"
#include "vault/v1/vault.piperpc.h"

using namespace vault::v1;

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: vault_client ENDPOINT NAME SECRET\n";
    return 2;
  }
  piperpc::ChannelOptions options;
  options.wait_for_ready = std::chrono::seconds(5);
  VaultClient client(piperpc::Connect(argv[1], options));

  LoginRequest login;
  login.set_name(argv[2]);
  login.set_secret(argv[3]);
  absl::Status status = client.Login(login).status();
  if (status.ok()) {
    const absl::StatusOr<ReadResponse> response = client.Read(ReadRequest());
    if (response.ok()) std::cout << response->text() << "\n";
    status = response.status();
  }
  if (status.ok()) return 0;
  std::cerr << status << "\n";
  return 1;
}
