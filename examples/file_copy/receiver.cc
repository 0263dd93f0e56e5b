#include "receiver.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "checksum.h"
#include "file.h"

namespace file_copy {
namespace {

absl::Status Unexpected(const std::string& what) {
  return absl::InternalError("the server did not keep to the protocol: " + what);
}

// What has come of a file.
class Arrival {
 public:
  Arrival(File part, const OnProgress& progress) : part_(std::move(part)), progress_(progress) {}

  // Looks at what is there from before.
  absl::StatusOr<v1::Part> Begin() {
    const absl::StatusOr<std::uint64_t> size = part_.Size();
    if (!size.ok()) return size.status();
    const absl::StatusOr<Sha256> sha256 = HashBeginning(part_, *size);
    if (!sha256.ok()) return sha256.status();
    sha256_ = *sha256;
    position_ = *size;
    v1::Part part;
    part.set_size(*size);
    part.set_sha256(sha256_.Result());
    return part;
  }

  absl::Status Take(const v1::ReadResponse& response) {
    switch (response.content_case()) {
      case v1::ReadResponse::kStart:
        return Take(response.start());
      case v1::ReadResponse::kData:
        return Take(response.data());
      case v1::ReadResponse::kEnd:
        return Take(response.end());
      default:
        return Unexpected("a message without content");
    }
  }

  // After the last message.
  absl::StatusOr<Copied> Finish(const std::filesystem::path& destination) {
    if (!ended_) return Unexpected("the stream ended before the file");
    absl::Status status = part_.MoveTo(destination);
    if (!status.ok()) return status;
    return Copied{size_, resumed_at_, sha256_.Result()};
  }

  // After an error: what there is of the file stays for the next copy.
  void Leave() {
    if (part_.Size().value_or(1) == 0) part_.Remove().IgnoreError();
  }

 private:
  absl::Status Take(const v1::Start& start) {
    if (started_ || start.offset() > start.size()) return Unexpected("a wrong start");
    started_ = true;
    size_ = start.size();
    if (start.offset() == 0) return StartAnew();
    if (start.offset() != position_) return Unexpected("it goes on at a wrong place");
    resumed_at_ = position_;
    return absl::OkStatus();
  }

  absl::Status StartAnew() {
    sha256_ = Sha256();
    position_ = 0;
    return part_.Resize(0);
  }

  absl::Status Take(const v1::Data& data) {
    if (!started_ || ended_ || data.offset() < position_ || data.offset() > size_ ||
        data.bytes().size() > size_ - data.offset()) {
      return Unexpected("data out of place");
    }
    PassHole(data.offset());
    absl::Status status = part_.Write(position_, data.bytes());
    if (!status.ok()) return status;
    sha256_.Add(data.bytes());
    position_ += data.bytes().size();
    progress_(position_, size_);
    return absl::OkStatus();
  }

  absl::Status Take(const v1::End& end) {
    if (!started_ || std::exchange(ended_, true)) return Unexpected("an end out of place");
    PassHole(size_);
    progress_(size_, size_);
    if (sha256_.Result() != end.sha256()) {
      return absl::DataLossError("what came has the checksum " + Hex(sha256_.Result()) +
                                 ", what was sent " + Hex(end.sha256()) + "; copy it again");
    }
    return part_.Resize(size_);  // There may be a hole at the end.
  }

  // A hole is not written, but its zeros are a part of the checksum.
  void PassHole(std::uint64_t end) {
    while (position_ < end) {
      const std::size_t step = std::min<std::uint64_t>(kChunkBytes, end - position_);
      sha256_.AddZeros(step);
      position_ += step;
    }
  }

  File part_;
  const OnProgress& progress_;
  Sha256 sha256_;  // Of all before `position_`.
  std::uint64_t position_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t resumed_at_ = 0;
  bool started_ = false;
  bool ended_ = false;
};

absl::Status Receive(v1::FileCopyClient& client, const std::string& name, Arrival& arrival) {
  absl::StatusOr<v1::Part> part = arrival.Begin();
  if (!part.ok()) return part.status();
  v1::ReadRequest request;
  request.set_name(name);
  *request.mutable_part() = *std::move(part);
  auto responses = client.Read(request);
  while (const std::optional<v1::ReadResponse> response = responses.Next()) {
    absl::Status status = arrival.Take(*response);
    if (!status.ok()) return status;  // To drop the stream cancels the call.
  }
  return responses.status();
}

}  // namespace

std::filesystem::path PartOf(const std::filesystem::path& destination) {
  std::filesystem::path part = destination;
  part += ".part";
  return part;
}

absl::StatusOr<Copied> Copy(v1::FileCopyClient& client, const std::string& name,
                            const std::filesystem::path& destination, const OnProgress& progress) {
  std::error_code ignored;
  if (std::filesystem::is_directory(destination, ignored)) {
    return absl::FailedPreconditionError(destination.string() + " is a folder; name a file in it");
  }
  absl::StatusOr<File> file = File::OpenPart(PartOf(destination));
  if (!file.ok()) return file.status();
  Arrival arrival(*std::move(file), progress);
  const absl::Status status = Receive(client, name, arrival);
  if (status.ok()) return arrival.Finish(destination);
  arrival.Leave();
  return status;
}

}  // namespace file_copy
