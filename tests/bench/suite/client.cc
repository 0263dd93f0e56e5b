// The peer's client. What is measured, and how, is the suite's own: common/client.h.
//
//     client --connect PATH --scenario NAME ...
#include "common/client.h"

#include <chrono>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "piperpc/channel.h"
#include "piperpc/io_thread.h"
#include "suite/v1/suite.piperpc.h"

namespace suite::v1 {
namespace {

using bench::Args;
using bench::Meter;
using piperpc::Channel;
using piperpc::IoThread;

template <typename T>
T Must(absl::StatusOr<T> result) {
  if (!result.ok()) throw std::runtime_error(result.status().ToString());
  return *std::move(result);
}

// --mode: "spin", or the name of a backend.
bool Spins(const Args& args) { return args.mode == "spin"; }
std::string Backend(const Args& args) {
  return args.mode.empty() || Spins(args) ? "auto" : args.mode;
}

std::shared_ptr<Channel> NewChannel(const Args& args, std::shared_ptr<IoThread> thread = nullptr) {
  piperpc::ChannelOptions options;
  options.backend = Backend(args);
  options.io_thread = std::move(thread);
  if (Spins(args)) options.spin = std::chrono::microseconds(100);
  options.max_message_bytes = std::size_t{128} << 20;
  return piperpc::Connect(args.connect, std::move(options));
}

// One thread for all connections of a scenario with many.
std::shared_ptr<IoThread> SharedThread(const Args& args) {
  const auto spin = std::chrono::microseconds(Spins(args) ? 100 : 0);
  return Must(piperpc::StartIoThread({.backend = Backend(args), .spin = spin}));
}

// Connected: what that takes is measured by a scenario of its own.
SuiteClient NewClient(const Args& args, const std::shared_ptr<IoThread>& thread) {
  auto channel = NewChannel(args, thread);
  if (absl::Status status = channel->WaitUntilReady(std::chrono::seconds(30)); !status.ok()) {
    throw std::runtime_error(status.ToString());
  }
  return SuiteClient(std::move(channel));
}

class Connection final : public bench::Client {
 public:
  explicit Connection(const Args& args) : client_(NewChannel(args)) {}

  void call(const std::string& in, std::string& out) override {
    text_.set_text(in);
    out = std::move(*Must(client_.Uppercase(text_)).mutable_text());
  }
  void echo(const std::string& in, std::string& out) override {
    data_.set_data(in);
    out = std::move(*Must(client_.Echo(data_)).mutable_data());
  }

 private:
  SuiteClient client_;
  Text text_;
  Data data_;
};

// Calls with callbacks, each of which begins the next one. All callbacks run on one thread.
class Throughput {
 public:
  Throughput(const Args& args, Meter& meter) : args_(args), meter_(meter) {
    request_.set_text(bench::lower_payload(args.size));
    expected_ = bench::upper(request_.text());
    const auto thread = SharedThread(args);
    for (int i = 0; i < args.conns; ++i) clients_.push_back(NewClient(args, thread));
  }

  void Run() {
    meter_.start();
    running_ = args_.conns * args_.inflight;
    for (SuiteClient& client : clients_) {
      for (int i = 0; i < args_.inflight; ++i) Begin(client);
    }
    done_.get_future().wait();
  }

 private:
  void Begin(SuiteClient& client) {
    const std::uint64_t sent = bench::now_ns();
    client.UppercaseAsync(request_, {}, [this, &client, sent](absl::StatusOr<Text> reply) {
      if (!reply.ok() || reply->text() != expected_) {
        std::fprintf(stderr, "wrong reply: %s\n", reply.status().ToString().c_str());
        std::abort();
      }
      if (!meter_.hit(sent, bench::now_ns())) return Begin(client);
      if (--running_ == 0) done_.set_value();
    });
  }

  const Args& args_;
  Meter& meter_;
  Text request_;
  std::string expected_;
  std::vector<SuiteClient> clients_;
  std::promise<void> done_;
  int running_ = 0;
};

// Subscriptions with callbacks, which begin anew when they end. All callbacks run on one thread.
class Streams {
 public:
  Streams(const Args& args, Meter& meter) : args_(args), meter_(meter), counts_(args.conns) {
    request_.set_count(args.stream_n);
    request_.set_size(static_cast<std::uint32_t>(args.size));
    const auto thread = SharedThread(args);
    for (int i = 0; i < args.conns; ++i) clients_.push_back(NewClient(args, thread));
  }

  void Run() {
    meter_.start();
    running_ = args_.conns;
    for (int i = 0; i < args_.conns; ++i) Begin(i);
    done_.get_future().wait();
  }

 private:
  void Begin(int i) {
    counts_[i] = 0;
    clients_[i].SubscribeAsync(
        request_, {}, [this, i](const Data& item) { OnItem(i, item); },
        [this, i](const absl::Status& status) { OnEnd(i, status); });
  }

  void OnItem(int i, const Data& item) {
    if (item.data().size() != args_.size) std::abort();
    if (++counts_[i] % 16 == 0) over_ = meter_.hit_n(16, bench::now_ns()) || over_;
  }

  void OnEnd(int i, const absl::Status& status) {
    if (!status.ok() || counts_[i] != args_.stream_n) {
      std::fprintf(stderr, "a wrong stream: %s\n", status.ToString().c_str());
      std::abort();
    }
    if (!over_) return Begin(i);
    if (--running_ == 0) done_.set_value();
  }

  const Args& args_;
  Meter& meter_;
  SubscribeRequest request_;
  std::vector<SuiteClient> clients_;
  std::vector<std::uint64_t> counts_;
  std::promise<void> done_;
  int running_ = 0;
  bool over_ = false;
};

class Driver final : public bench::Driver {
 public:
  Driver() { probe_type = SOCK_SEQPACKET; }

  std::unique_ptr<bench::Client> connect(const Args& args) override {
    return std::make_unique<Connection>(args);
  }

  void throughput(const Args& args, Meter& meter) override { Throughput(args, meter).Run(); }

  void stream(const Args& args, Meter& meter) override { Streams(args, meter).Run(); }
};

}  // namespace
}  // namespace suite::v1

int main(int argc, char** argv) {
  const bench::Args args = bench::parse_client(argc, argv);
  suite::v1::Driver driver;
  return bench::run_client(driver, args);
}
