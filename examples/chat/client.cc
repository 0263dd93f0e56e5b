// chat ENDPOINT ROOM NAME: says each line of its standard input, and shows what happens in the
// room.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <thread>

#include "chat/v1/chat.piperpc.h"
#include "line.h"
#include "piperpc/async.h"
#include "piperpc/channel.h"

namespace {

using Talk = piperpc::ClientReaderWriter<chat::v1::ChatRequest, chat::v1::ChatResponse>;

bool Join(Talk& talk, const std::string& room, const std::string& name) {
  chat::v1::ChatRequest request;
  request.mutable_join()->set_room(room);
  request.mutable_join()->set_name(name);
  return talk.Write(request);
}

bool IsControl(unsigned char byte) { return byte < 0x20 || byte == 0x7f; }

// Blocks, for the standard input does.
void SayLines(Talk talk) {
  for (std::string line; std::getline(std::cin, line);) {
    std::replace_if(line.begin(), line.end(), IsControl, ' ');  // The server refuses them.
    chat::v1::ChatRequest request;
    request.set_text(line);
    if (!line.empty() && !talk.Write(request)) return;
  }
  talk.WritesDone();
}

piperpc::Task<absl::Status> ShowEvents(Talk talk) {
  for (;;) {
    auto next = talk.CoNext();
    const std::optional<chat::v1::ChatResponse> event = co_await next;
    if (!event.has_value()) co_return talk.status();
    std::cout << chat::Line(*event) << std::endl;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: chat ENDPOINT ROOM NAME\n";
    return 2;
  }
  piperpc::ChannelOptions options;
  options.wait_for_ready = std::chrono::seconds(5);
  chat::v1::ChatClient client(piperpc::Connect(argv[1], options));
  Talk talk = client.Chat();
  if (Join(talk, argv[2], argv[3])) std::thread(SayLines, talk).detach();
  const absl::Status status = piperpc::SyncWait(ShowEvents(talk));
  if (!status.ok()) std::cerr << status << std::endl;
  std::_Exit(status.ok() ? 0 : 1);  // The other thread may wait for a line, which nothing ends.
}
