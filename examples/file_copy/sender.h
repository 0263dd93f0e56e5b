// The service: sends the files of a folder.
#pragma once

#include <filesystem>
#include <utility>

#include "file_copy/v1/file_copy.piperpc.h"

namespace file_copy {

// Sends what is directly in `folder`: no links, nothing in folders below it.
class FileSender final : public v1::FileCopyService {
 public:
  explicit FileSender(std::filesystem::path folder) : folder_(std::move(folder)) {}

 private:
  // Reads files, which blocks: so this is a plain function, which runs on a worker thread.
  absl::Status Read(piperpc::ServerContext& context, const v1::ReadRequest& request,
                    piperpc::Writer<v1::ReadResponse>& writer) override;

  const std::filesystem::path folder_;
};

}  // namespace file_copy
