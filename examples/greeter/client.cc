// greeter_client ENDPOINT NAME: asks for one greeting, and then for three.
#include <chrono>
#include <iostream>
#include <optional>

#include "greeter/v1/greeter.piperpc.h"
#include "piperpc/channel.h"

using namespace greeter::v1;

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: greeter_client ENDPOINT NAME\n";
    return 2;
  }
  piperpc::ChannelOptions options;
  options.wait_for_ready = std::chrono::seconds(5);
  GreeterClient client(piperpc::Connect(argv[1], options));

  GreetRequest request;
  request.set_name(argv[2]);
  const absl::StatusOr<GreetResponse> response = client.Greet(request);
  if (!response.ok()) {
    std::cerr << response.status() << "\n";
    return 1;
  }
  std::cout << response->greeting() << "\n";

  GreetManyRequest many;
  many.set_name(argv[2]);
  many.set_times(3);
  auto greetings = client.GreetMany(many);
  while (std::optional<GreetResponse> greeting = greetings.Next()) {
    std::cout << greeting->greeting() << "\n";
  }
  if (!greetings.status().ok()) {
    std::cerr << greetings.status() << "\n";
    return 1;
  }
}
