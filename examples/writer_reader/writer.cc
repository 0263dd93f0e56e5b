// writer ENDPOINT: sends each line of its standard input to all readers, until the line "fim".
#include <chrono>
#include <iostream>
#include <string>

#include "board.h"
#include "phrases.h"
#include "piperpc/server.h"

namespace {

constexpr std::size_t kMaxReaders = 10;

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: writer ENDPOINT\n";
    return 2;
  }
  phrases::Board board;
  phrases::Phrases phrases(board);
  piperpc::Server server(phrases::OptionsFor(kMaxReaders));
  absl::Status status = server.AddService(phrases);
  if (status.ok()) status = server.Start(argv[1]);
  if (!status.ok()) {
    std::cerr << status << "\n";
    return 1;
  }
  std::cout << "write phrases; \"fim\" ends" << std::endl;
  for (std::string line; std::getline(std::cin, line) && line != "fim";) board.Write(line);

  // Readers get what they have not read yet, and then the end. All threads have ended after this.
  board.Close();
  return server.Shutdown(std::chrono::seconds(5)).clean() ? 0 : 1;
}
