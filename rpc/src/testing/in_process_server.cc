#include "piperpc/testing/in_process_server.h"

#include <iostream>
#include <utility>

namespace piperpc::testing {
namespace {

constexpr char kEndpoint[] = "in-process";

ServerOptions With(ServerOptions options, transport::Transport* transport) {
  options.transport = transport;
  return options;
}

absl::Status CheckOptions(const InProcessOptions& options) {
  if (options.server.transport == nullptr && options.channel.transport == nullptr) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      "InProcessOptions: ServerOptions::transport and ChannelOptions::transport must be null, for "
      "an InProcessServer has pipes of its own; for other pipes, use piperpc::Server");
}

}  // namespace

InProcessServer::InProcessServer(Service& service, InProcessOptions options)
    : InProcessServer({&service}, std::move(options)) {}

InProcessServer::InProcessServer(std::initializer_list<Service*> services, InProcessOptions options)
    : status_(CheckOptions(options)),
      faults_(options.clock),
      channel_options_(std::move(options.channel)),
      server_(With(std::move(options.server), faults_.transport())) {
  if (status_.ok()) status_ = Start(services, options.catch_all);
  if (!status_.ok()) faults_.Refuse(status_);
}

absl::Status InProcessServer::Start(std::initializer_list<Service*> services,
                                    CatchAllService* catch_all) {
  for (Service* const service : services) {
    if (absl::Status status = server_.AddService(*service); !status.ok()) return status;
  }
  if (catch_all != nullptr) {
    if (absl::Status status = server_.AddCatchAll(*catch_all); !status.ok()) return status;
  }
  return server_.Start(kEndpoint);
}

// Without the lock: to close a channel waits for the callbacks of its calls, which may ask for
// another one.
InProcessServer::~InProcessServer() {
  std::vector<std::weak_ptr<Channel>> channels;
  {
    const internal::MutexLock lock(mutex_);
    channels.swap(channels_);
  }
  for (const auto& each : channels) {
    if (const std::shared_ptr<Channel> channel = each.lock()) channel->Close();
  }
  const ShutdownReport report = server_.Shutdown(std::chrono::milliseconds(0));
  for (const std::string& call : report.aborted) {
    std::cerr << "InProcessServer: waits for a handler that ignores its stop token: " << call
              << std::endl;
  }
}

std::shared_ptr<Channel> InProcessServer::channel() {
  {
    const internal::MutexLock lock(mutex_);
    if (channel_ != nullptr) return channel_;
  }
  std::shared_ptr<Channel> channel = NewChannel();
  const internal::MutexLock lock(mutex_);
  if (channel_ == nullptr) channel_ = std::move(channel);
  return channel_;
}

std::shared_ptr<Channel> InProcessServer::NewChannel() { return NewChannel(channel_options_); }

std::shared_ptr<Channel> InProcessServer::NewChannel(ChannelOptions options) {
  options.transport = faults_.transport();
  std::shared_ptr<Channel> channel = Connect(kEndpoint, std::move(options));
  const internal::MutexLock lock(mutex_);
  std::erase_if(channels_, [](const std::weak_ptr<Channel>& each) { return each.expired(); });
  channels_.push_back(channel);
  return channel;
}

}  // namespace piperpc::testing
