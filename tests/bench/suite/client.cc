// The peer's client. What is measured, and how, is the suite's own: common/client.h.
//
//     client --connect PATH --scenario NAME ...
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "suite_client.h"

namespace suite::v1 {
namespace {

using bench::Args;
using bench::Meter;

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
  Throughput(const Args& args, Meter& meter) : args_(args), meter_(meter), call_(args) {
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
    client.UppercaseAsync(call_.request(), {}, [this, &client, sent](absl::StatusOr<Text> reply) {
      call_.Check(reply);
      if (!meter_.hit(sent, bench::now_ns())) return Begin(client);
      if (--running_ == 0) done_.set_value();
    });
  }

  const Args& args_;
  Meter& meter_;
  const UppercaseCall call_;
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

int main(int argc, char** argv) { return suite::v1::RunClient<suite::v1::Driver>(argc, argv); }
