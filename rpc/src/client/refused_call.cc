#include "src/client/refused_call.h"

#include <utility>

#include "piperpc/client.h"
#include "src/base/exceptions.h"
#include "src/base/memory.h"

namespace piperpc::client {
namespace {

class RefusedUnary final : public internal::CallControl {
  void Cancel() override {}
};

class RefusedStream final : public internal::ClientStream {
 public:
  explicit RefusedStream(absl::Status why) : why_(std::move(why)) {}

 private:
  Step TryWrite(const internal::OutMessage&) override { return Step::kEnded; }
  Step TryRead(std::span<const char>&) override { return Step::kEnded; }
  Step Write(const internal::OutMessage&) override { return Step::kEnded; }
  Step Read(std::span<const char>&) override { return Step::kEnded; }
  void WhenWritable(absl::AnyInvocable<void()> ready) override { base::RunSilently(ready); }
  void WhenReadable(absl::AnyInvocable<void()> ready) override { base::RunSilently(ready); }
  void StartWrite(std::unique_ptr<internal::StreamWrite> write) override {
    RefuseWrite(std::move(write), why_);
  }
  void HalfClose() override {}
  void LetGoOfWrites() override {}
  RawMessage TakeResponse() override { return {}; }
  absl::Status status() override { return why_; }
  void Fail(absl::Status) override {}
  void FailThrown(const std::exception_ptr&) override {}
  void Cancel() override {}

  const absl::Status why_;
};

void CountNone(const CallOptions& options) {
  if (options.attempts != nullptr) *options.attempts = 1;
}

}  // namespace

// What awaits the call may be destroyed when `done` has run: nothing of it is used after that.
std::shared_ptr<internal::CallControl> RefuseUnary(const CallOptions& options,
                                                   internal::UnaryDone&& done, absl::Status why) {
  CountNone(options);
  auto control = std::make_shared<RefusedUnary>();
  base::RunSilently([&] { done.Run(std::move(why), {}); });
  return control;
}

void RefuseWrite(FinishedWrites::Write write, absl::Status why) {
  FinishedWrites refused;
  refused.Add(std::move(write), std::move(why));
  base::RunSilently([&] { refused.Pop()->Tell(); });
}

std::shared_ptr<internal::ClientStream> RefuseStream(const CallOptions& options, absl::Status why) {
  CountNone(options);
  return std::make_shared<RefusedStream>(std::move(why));
}

}  // namespace piperpc::client

namespace piperpc::internal {

void FailWrite(ClientStream& stream, std::size_t size, StreamWrite::Done on_done) {
  absl::Status why = base::OutOfMemory("a message", size);
  stream.Fail(why);
  base::RunSilently([&] {
    if (on_done) on_done(std::move(why));
  });
}

}  // namespace piperpc::internal
