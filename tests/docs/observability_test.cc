// The code of docs/observability.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "in.piperpc.h"
#include "piperpc/access_log.h"
#include "piperpc/default_deadline.h"
#include "piperpc/metrics.h"
#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"
#include "piperpc/trace.h"
#include "piperpc/within_call.h"
#include "support/eventually.h"
#include "support/scratch_folder.h"
#include "testing/notes.h"

namespace piperpc::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// What a hook of the document has been given.
class Lines {
 public:
  void Add(std::string line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
  }
  std::vector<std::string> Get() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

Lines& Seen() {
  static Lines lines;
  return lines;
}

// One line of the form that programs read: event and fields.
void LogCall(const piperpc::LogRecord& record) {
  std::string line(record.event);
  for (const auto& [name, value] : record.fields) line += " " + std::string(name) + "=" + value;
  Seen().Add(std::move(line));
}

// A span as OpenTelemetry's OTLP names its fields; a real exporter queues it for another thread.
void ExportSpan(const piperpc::Span& span) {
  const auto start = span.started.time_since_epoch();
  Seen().Add("traceId=" + piperpc::ToHex(span.context.trace) +
             " spanId=" + piperpc::ToHex(span.context.span) +
             " parentSpanId=" + piperpc::ToHex(span.parent) + " name=" + std::string(span.method) +
             (span.kind == piperpc::Span::Kind::kServer ? " kind=2" : " kind=3") +
             " startTimeUnixNano=" + std::to_string(std::chrono::nanoseconds(start).count()) +
             " durationNano=" + std::to_string(span.duration.count()));
}

TEST(Observability, AServerIsWatchedAsTheDocumentSays) {
  Notes notes;
  const std::string endpoint = UniqueEndpoint();
  const ScratchFolder folder;
  const std::string file = folder.File("demo.prom");

  auto metrics = std::make_shared<piperpc::Metrics>();
  piperpc::ServerOptions options;
  options.metrics = metrics;
  options.middleware = {
      piperpc::AccessLog({.log = LogCall, .one_in = 100}),
      piperpc::TraceServerCalls({.on_end = ExportSpan}),
      piperpc::DefaultDeadline({.missing = std::chrono::minutes(1)}),
  };
  piperpc::Server server(options);
  ASSERT_THAT(server.AddService(notes), IsOk());
  ASSERT_THAT(server.Start(endpoint), IsOk());

  piperpc::ChannelOptions tracing;
  tracing.middleware = {piperpc::TraceClientCalls({.on_end = ExportSpan})};
  auto channel = piperpc::Connect(endpoint, tracing);
  ASSERT_THAT(NotesClient(channel).Get(NoteOf("a")), IsOk());
  ASSERT_TRUE(Eventually([] { return Seen().Get().size() == 3; }));  // A call, and two spans.

  absl::Status written = piperpc::WritePrometheusFile(file, metrics->Read());
  ASSERT_THAT(written, IsOk());
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  EXPECT_THAT(text, HasSubstr("piperpc_server_started_total{"));

  const piperpc::MetricsSnapshot snapshot = metrics->Read();
  for (const piperpc::MethodMetrics& method : snapshot.server) {
    if (method.latency.Quantile(0.99) > std::chrono::seconds(1))
      Seen().Add("slow: " + method.method);
  }
  channel->Close();
  server.Shutdown(std::chrono::seconds(1));
}

// A service whose calls lead to other calls.
class Front final : public NotesService {
 public:
  explicit Front(std::shared_ptr<Channel> store) : store_(std::move(store)) {}

 private:
  Task<absl::StatusOr<Note>> CoGet(ServerContext& context, Note request) override {
    piperpc::CallOptions options = piperpc::WithinCall(context);
    auto found = store_.CoGet(request, options);
    absl::StatusOr<Note> note = co_await found;
    co_return note;
  }
  Stream<Note> CoWatch(ServerContext&, Note request) override { co_yield request; }
  absl::StatusOr<Note> Upload(ServerContext&, Reader<Note>&) override { return Note(); }
  absl::Status Chat(ServerContext&, Reader<Note>&, Writer<Note>&) override {
    return absl::OkStatus();
  }

  NotesClient store_;
};

TEST(Observability, ACallWithinACallIsMadeAsTheDocumentSays) {
  Notes notes;
  InProcess<NotesClient> store(notes);
  Front front(store.channel());
  InProcess<NotesClient> client(front);
  EXPECT_THAT(client->Get(NoteOf("a")), IsOkAndHolds(::testing::Property(&Note::text, "re: a")));
}

}  // namespace
}  // namespace piperpc::testing
