// soak serve ENDPOINT BACKEND: a server of methods of every type.
// soak warm DAEMON BACKEND: makes a piperpcd take what it keeps.
// soak load DAEMON SHAPES BACKEND SEED: the load of both servers. tests/soak/run runs all of them.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "soak/load.h"
#include "soak/shapes_server.h"

namespace {

using namespace piperpc::soak;

int ExitCode(const absl::Status& status) {
  if (!status.ok()) std::cerr << "soak: " << status << '\n';
  return status.ok() ? 0 : 1;
}

absl::Status LoadWithSharedThread(Target target, std::uint32_t seed) {
  auto io_thread = piperpc::StartIoThread({.backend = target.backend});
  if (!io_thread.ok()) return io_thread.status();
  target.io_thread = *std::move(io_thread);
  return RunLoad(target, seed);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const std::string command = words.empty() ? "" : words[0];
  if (command == "serve" && words.size() == 3) return ServeShapes(words[1], words[2]);
  if (command == "warm" && words.size() == 3) {
    return ExitCode(
        WarmUpDaemon({.daemon = words[1], .shapes = {}, .backend = words[2], .io_thread = {}}));
  }
  if (command == "load" && words.size() == 5) {
    const unsigned long seed = std::strtoul(words[4].c_str(), nullptr, 10);
    return ExitCode(LoadWithSharedThread(
        {.daemon = words[1], .shapes = words[2], .backend = words[3], .io_thread = {}},
        static_cast<std::uint32_t>(seed)));
  }
  std::cerr << "usage: soak serve ENDPOINT BACKEND\n"
               "       soak warm DAEMON BACKEND\n"
               "       soak load DAEMON SHAPES BACKEND SEED\n";
  return 64;
}
