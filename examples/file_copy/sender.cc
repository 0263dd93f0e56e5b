#include "sender.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "checksum.h"
#include "file.h"

namespace file_copy {
namespace {

// A name that leads out of the folder never reaches the file system.
absl::StatusOr<std::filesystem::path> PathIn(const std::filesystem::path& folder,
                                             const std::string& name) {
  const std::filesystem::path path(std::u8string(name.begin(), name.end()));
  const bool good = !name.empty() && path == path.filename() && path != "." && path != ".." &&
                    name.find('\0') == std::string::npos;
  if (good) return folder / path;
  return absl::InvalidArgumentError("not the name of a file in the folder: \"" + name + "\"");
}

// One file on its way.
class Transfer {
 public:
  Transfer(File file, std::stop_token stop, piperpc::Writer<v1::ReadResponse>& writer)
      : file_(std::move(file)), stop_(std::move(stop)), writer_(writer) {}

  // CANCELLED: nobody wants it any more.
  absl::Status Send(const v1::Part& part) {
    const absl::StatusOr<std::uint64_t> size = file_.Size();
    if (!size.ok()) return size.status();
    size_ = *size;
    absl::Status status = Skip(part);
    if (status.ok()) status = SendStart();
    while (status.ok() && position_ < size_) status = SendExtent();
    if (status.ok()) status = SendEnd();
    return status;
  }

 private:
  // Begins behind `part`, if that is how the file begins.
  absl::Status Skip(const v1::Part& part) {
    if (part.size() > size_) return absl::OkStatus();
    const absl::StatusOr<Sha256> beginning = HashBeginning(file_, part.size(), stop_);
    if (!beginning.ok()) return beginning.status();
    if (beginning->Result() != part.sha256()) return absl::OkStatus();
    sha256_ = *beginning;
    position_ = part.size();
    return absl::OkStatus();
  }

  absl::Status SendStart() {
    v1::ReadResponse response;
    response.mutable_start()->set_size(size_);
    response.mutable_start()->set_offset(position_);
    return Write(std::move(response));
  }

  absl::Status SendExtent() {
    const absl::StatusOr<Extent> data = file_.NextData(position_, size_);
    if (!data.ok()) return data.status();
    absl::Status status = PassHole(std::min(data->begin, size_));
    while (status.ok() && position_ < std::min(data->end, size_)) {
      status = SendChunk(std::min(data->end, size_));
    }
    return status;
  }

  absl::Status PassHole(std::uint64_t end) {
    while (position_ < end) {
      if (stop_.stop_requested()) return Stopped();
      const std::size_t step = std::min<std::uint64_t>(kChunkBytes, end - position_);
      sha256_.AddZeros(step);
      position_ += step;
    }
    return absl::OkStatus();
  }

  absl::Status SendChunk(std::uint64_t end) {
    v1::ReadResponse response;
    response.mutable_data()->set_offset(position_);
    std::string& bytes = *response.mutable_data()->mutable_bytes();
    bytes.resize(std::min<std::uint64_t>(kChunkBytes, end - position_));
    const absl::StatusOr<std::size_t> got = file_.Read(position_, bytes);
    if (!got.ok()) return got.status();
    if (*got < bytes.size()) return absl::AbortedError("the file became shorter meanwhile");
    sha256_.Add(bytes);
    position_ += *got;
    return Write(std::move(response));
  }

  absl::Status SendEnd() {
    v1::ReadResponse response;
    response.mutable_end()->set_sha256(sha256_.Result());
    return Write(std::move(response));
  }

  // Waits while the client is slow.
  absl::Status Write(v1::ReadResponse response) {
    return writer_.Write(std::move(response)) ? absl::OkStatus() : Stopped();
  }

  static absl::Status Stopped() { return absl::CancelledError("the copy was stopped"); }

  const File file_;
  const std::stop_token stop_;
  piperpc::Writer<v1::ReadResponse>& writer_;
  Sha256 sha256_;  // Of all before `position_`.
  std::uint64_t position_ = 0;
  std::uint64_t size_ = 0;
};

}  // namespace

absl::Status FileSender::Read(piperpc::ServerContext& context, const v1::ReadRequest& request,
                              piperpc::Writer<v1::ReadResponse>& writer) {
  const absl::StatusOr<std::filesystem::path> path = PathIn(folder_, request.name());
  if (!path.ok()) return path.status();
  absl::StatusOr<File> file = File::OpenToRead(*path);
  if (!file.ok()) return file.status();
  return Transfer(*std::move(file), context.stop_token(), writer).Send(request.part());
}

}  // namespace file_copy
