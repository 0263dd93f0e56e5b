// file_copy ENDPOINT SOURCE DESTINATION: copies a file of the server at ENDPOINT.
#include <chrono>
#include <filesystem>
#include <iostream>
#include <string>

#include "checksum.h"
#include "file_copy/v1/file_copy.piperpc.h"
#include "piperpc/channel.h"
#include "progress.h"
#include "receiver.h"

namespace {

absl::StatusOr<file_copy::Copied> CopyWithBar(const std::string& endpoint,
                                              const std::filesystem::path& source,
                                              const std::filesystem::path& destination) {
  piperpc::ChannelOptions options;
  options.wait_for_ready = std::chrono::seconds(5);
  file_copy::v1::FileCopyClient client(piperpc::Connect(endpoint, options));
  const std::u8string name = source.u8string();
  file_copy::ProgressDisplay display(file_copy::StandardErrorIsTerminal());
  return file_copy::Copy(
      client, {name.begin(), name.end()}, destination,
      [&display](std::uint64_t done, std::uint64_t size) { display.Show(done, size); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: file_copy ENDPOINT SOURCE DESTINATION\n";
    return 2;
  }
  const absl::StatusOr<file_copy::Copied> copied = CopyWithBar(argv[1], argv[2], argv[3]);
  if (!copied.ok()) {
    std::cerr << copied.status() << "\n";
    const std::filesystem::path part = file_copy::PartOf(argv[3]);
    std::error_code error;
    if (std::filesystem::file_size(part, error) > 0 && !error) {
      std::cerr << "the same command goes on with what is in " << part.string() << "\n";
    }
    return 1;
  }
  if (copied->resumed_at > 0) std::cout << "went on at byte " << copied->resumed_at << "\n";
  std::cout << copied->size << " bytes, SHA-256 " << file_copy::Hex(copied->sha256) << "\n";
}
