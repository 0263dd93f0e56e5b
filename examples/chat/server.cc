// chat_server ENDPOINT: has rooms to chat in, until its standard input ends.
#include "piperpc/server.h"

#include <chrono>
#include <iostream>
#include <string>

#include "chat.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: chat_server ENDPOINT\n";
    return 2;
  }
  chat::Chat chat;
  piperpc::Server server;
  absl::Status status = server.AddService(chat);
  if (status.ok()) status = server.Start(argv[1]);
  if (!status.ok()) {
    std::cerr << status << "\n";
    return 1;
  }
  std::cout << "ready; end with Ctrl-D" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
  }
  return server.Shutdown(std::chrono::seconds(5)).clean() ? 0 : 1;
}
