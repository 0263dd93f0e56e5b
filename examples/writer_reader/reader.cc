// reader ENDPOINT: shows what the writer at ENDPOINT writes, until that ends.
#include <chrono>
#include <iostream>
#include <optional>

#include "phrases/v1/phrases.piperpc.h"
#include "piperpc/channel.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: reader ENDPOINT\n";
    return 2;
  }
  piperpc::ChannelOptions options;
  options.wait_for_ready = std::chrono::seconds(5);
  phrases::v1::PhrasesClient client(piperpc::Connect(argv[1], options));
  auto responses = client.Read({});
  while (const std::optional<phrases::v1::ReadResponse> response = responses.Next()) {
    std::cout << (response->has_listening() ? "(listening)" : response->phrase()) << std::endl;
  }
  const absl::Status status = responses.status();
  if (status.ok()) return 0;
  std::cerr << status << "\n";
  return 1;
}
