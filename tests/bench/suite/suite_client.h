// What the suite's clients have in common.
#pragma once

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "common/client.h"
#include "piperpc/channel.h"
#include "piperpc/io_thread.h"
#include "suite/v1/suite.piperpc.h"

namespace suite::v1 {

template <typename T>
T Must(absl::StatusOr<T> result) {
  if (!result.ok()) throw std::runtime_error(result.status().ToString());
  return *std::move(result);
}

// --mode: "spin", or the name of a backend.
inline bool Spins(const bench::Args& args) { return args.mode == "spin"; }
inline std::string Backend(const bench::Args& args) {
  return args.mode.empty() || Spins(args) ? "auto" : args.mode;
}

inline std::shared_ptr<piperpc::Channel> NewChannel(
    const bench::Args& args, std::shared_ptr<piperpc::IoThread> thread = nullptr) {
  piperpc::ChannelOptions options;
  options.backend = Backend(args);
  options.io_thread = std::move(thread);
  if (Spins(args)) options.spin = std::chrono::microseconds(100);
  options.max_message_bytes = std::size_t{128} << 20;
  return piperpc::Connect(args.connect, std::move(options));
}

// One thread for all connections of a scenario with many.
inline std::shared_ptr<piperpc::IoThread> SharedThread(const bench::Args& args) {
  const auto spin = std::chrono::microseconds(Spins(args) ? 100 : 0);
  return Must(piperpc::StartIoThread({.backend = Backend(args), .spin = spin}));
}

// Connected: what that takes is measured by a scenario of its own.
inline SuiteClient NewClient(const bench::Args& args,
                             const std::shared_ptr<piperpc::IoThread>& thread) {
  auto channel = NewChannel(args, thread);
  if (absl::Status status = channel->WaitUntilReady(std::chrono::seconds(30)); !status.ok()) {
    throw std::runtime_error(status.ToString());
  }
  return SuiteClient(std::move(channel));
}

// The call that most scenarios make.
class UppercaseCall {
 public:
  explicit UppercaseCall(const bench::Args& args) {
    request_.set_text(bench::lower_payload(args.size));
    expected_ = bench::upper(request_.text());
  }

  const Text& request() const { return request_; }

  // Ends the program when it is a wrong one.
  void Check(const absl::StatusOr<Text>& reply) const {
    if (reply.ok() && reply->text() == expected_) return;
    std::fprintf(stderr, "wrong reply: %s\n", reply.status().ToString().c_str());
    std::abort();
  }

 private:
  Text request_;
  std::string expected_;
};

// All of main().
template <typename Driver>
int RunClient(int argc, char** argv) {
  const bench::Args args = bench::parse_client(argc, argv);
  Driver driver;
  return bench::run_client(driver, args);
}

}  // namespace suite::v1
