// file_copy_server ENDPOINT FOLDER: sends the files of a folder, until its standard input ends.
#include "piperpc/server.h"

#include <chrono>
#include <filesystem>
#include <iostream>
#include <string>

#include "sender.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: file_copy_server ENDPOINT FOLDER\n";
    return 2;
  }
  std::error_code error;
  if (!std::filesystem::is_directory(argv[2], error)) {
    std::cerr << argv[2] << " is not a folder\n";
    return 2;
  }
  file_copy::FileSender sender(argv[2]);
  piperpc::Server server;
  absl::Status status = server.AddService(sender);
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
