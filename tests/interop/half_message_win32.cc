// half_message PIPE: sends one half of a message of 1 MiB, says HALF, and waits to be killed.
#include <cstdio>

#include "interop/connection_win32.h"

namespace {

using namespace piperpc;

constexpr std::size_t kMessage = 1 << 20;
constexpr std::size_t kRoom = 60'000;  // For the payload of a frame.

int Main(const char* pipe) {
  interop::Connection connection(pipe);
  const interop::Frame answer =
      connection.Call("piperpc.v1.HealthService/Check", "", {interop::HelloFrame()});
  if (answer.header.kind() != v1::FRAME_KIND_RESPONSE) return 1;
  const auto frames =
      interop::Split(interop::RequestHeader(connection.NewId(), "notify.v1.NotifyService/Publish"),
                     std::string(kMessage, 'h'), kRoom);
  for (std::size_t i = 0; i < frames.size() / 2; ++i) connection.Send({frames[i]});
  std::puts("HALF");
  std::fflush(stdout);
  std::getchar();
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return argc == 2 ? Main(argv[1]) : 64; }
