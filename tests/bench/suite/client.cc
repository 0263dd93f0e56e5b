// The peer's client. What is measured, and how, is the suite's own: common/client.h.
//
//     client --connect PATH --scenario NAME ...
#include "common/client.h"

#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "piperpc/channel.h"
#include "suite/v1/suite.piperpc.h"

namespace suite::v1 {
namespace {

using bench::Args;
using bench::Meter;
using piperpc::Channel;

std::shared_ptr<Channel> NewChannel(const Args& args) {
  piperpc::ChannelOptions options;
  options.max_message_bytes = std::size_t{128} << 20;
  if (!args.mode.empty()) options.backend = args.mode;
  return piperpc::Connect(args.connect, std::move(options));
}

template <typename T>
T Must(absl::StatusOr<T> result) {
  if (!result.ok()) throw std::runtime_error(result.status().ToString());
  return *std::move(result);
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

// Calls with callbacks, each of which begins the next one.
class Throughput {
 public:
  Throughput(const Args& args, Meter& meter) : args_(args), meter_(meter) {
    request_.set_text(bench::lower_payload(args.size));
    expected_ = bench::upper(request_.text());
    for (int i = 0; i < args.conns; ++i) clients_.emplace_back(NewChannel(args));
  }

  void Run() {
    meter_.start();
    running_ = args_.conns * args_.inflight;
    for (SuiteClient& client : clients_) {
      for (int i = 0; i < args_.inflight; ++i) Begin(client);
    }
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return running_ == 0; });
  }

 private:
  void Begin(SuiteClient& client) {
    const std::uint64_t sent = bench::now_ns();
    client.UppercaseAsync(request_, {}, [this, &client, sent](absl::StatusOr<Text> reply) {
      if (!reply.ok() || reply->text() != expected_) {
        std::fprintf(stderr, "wrong reply: %s\n", reply.status().ToString().c_str());
        std::abort();
      }
      End(client, sent);
    });
  }

  void End(SuiteClient& client, std::uint64_t sent) {
    std::unique_lock lock(mutex_);
    if (!meter_.hit(sent, bench::now_ns())) {
      lock.unlock();
      return Begin(client);
    }
    if (--running_ == 0) done_.notify_one();
  }

  const Args& args_;
  Meter& meter_;
  Text request_;
  std::string expected_;
  std::vector<SuiteClient> clients_;
  std::mutex mutex_;
  std::condition_variable done_;
  int running_ = 0;
};

class Driver final : public bench::Driver {
 public:
  Driver() { probe_type = SOCK_SEQPACKET; }

  std::unique_ptr<bench::Client> connect(const Args& args) override {
    return std::make_unique<Connection>(args);
  }

  void throughput(const Args& args, Meter& meter) override { Throughput(args, meter).Run(); }

  void stream(const Args& args, Meter& meter) override;
};

void Driver::stream(const Args& args, Meter& meter) {
  std::mutex mutex;
  meter.start();
  std::vector<std::thread> readers;
  for (int i = 0; i < args.conns; ++i) {
    readers.emplace_back([&] {
      SuiteClient client(NewChannel(args));
      SubscribeRequest request;
      request.set_count(args.stream_n);
      request.set_size(static_cast<std::uint32_t>(args.size));
      for (bool over = false; !over;) {
        auto items = client.Subscribe(request);
        std::uint64_t count = 0;
        while (auto item = items.Next()) {
          if (item->data().size() != args.size) std::abort();
          if (++count % 16 != 0) continue;
          const std::lock_guard lock(mutex);
          over = meter.hit_n(16, bench::now_ns());
          if (over) break;
        }
        if (!over && count != args.stream_n) std::abort();
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace suite::v1

int main(int argc, char** argv) {
  const bench::Args args = bench::parse_client(argc, argv);
  suite::v1::Driver driver;
  return bench::run_client(driver, args);
}
