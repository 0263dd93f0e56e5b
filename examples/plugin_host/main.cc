// plugin_host PLUGIN [ARGUMENT...]: lets a plug-in work on each line of the standard input.
#include <chrono>
#include <iostream>
#include <string>

#include "plugin/v1/plugin.piperpc.h"
#include "plugin_host.h"

namespace {

absl::StatusOr<std::string> Run(PluginHost& host, const std::string& text) {
  const absl::StatusOr<std::shared_ptr<piperpc::Channel>> channel = host.Channel();
  if (!channel.ok()) return channel.status();
  plugin::v1::PluginClient plugin(*channel);
  plugin::v1::RunRequest request;
  request.set_text(text);
  const absl::StatusOr<plugin::v1::RunResponse> response =
      plugin.Run(request, {.timeout = std::chrono::seconds(3)});
  if (absl::IsDeadlineExceeded(response.status())) host.Kill(*channel);
  if (!response.ok()) return response.status();
  return response->text();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "usage: plugin_host PLUGIN [ARGUMENT...]\n";
    return 2;
  }
  PluginHost host({.command = {argv + 1, argv + argc},
                   .log = [](const std::string& message) { std::cerr << message << std::endl; }});
  for (std::string line; std::getline(std::cin, line);) {
    const absl::StatusOr<std::string> answer = Run(host, line);
    if (answer.ok()) {
      std::cout << *answer << std::endl;
    } else {
      std::cerr << answer.status() << std::endl;
    }
  }
}
