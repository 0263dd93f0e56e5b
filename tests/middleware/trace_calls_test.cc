#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "middleware/relay.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"
#include "piperpc/trace.h"
#include "support/eventually.h"

namespace piperpc::testing {
namespace {

using ::testing::EndsWith;
using ::testing::Field;

constexpr char kParent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

// What a hook has seen, kept.
struct SeenSpan {
  Span::Kind kind;
  std::string method;
  std::string trace;
  std::string span;
  std::string parent;
  std::chrono::nanoseconds duration;
  absl::StatusCode status;
  bool has_peer;
};

class TraceCallsTest : public ::testing::Test {
 protected:
  TraceOptions Options(std::uint32_t one_in = 1) {
    return {.on_end = [this](const Span& span) { Add(span); }, .one_in = one_in};
  }

  void Add(const Span& span) {
    const std::lock_guard lock(mutex_);
    spans_.push_back({span.kind, std::string(span.method), ToHex(span.context.trace),
                      ToHex(span.context.span), ToHex(span.parent), span.duration, span.status,
                      span.peer != nullptr});
  }
  std::vector<SeenSpan> Spans() {
    const std::lock_guard lock(mutex_);
    return spans_;
  }
  bool HasSpans(std::size_t count) {
    return Eventually([&] { return Spans().size() == count; });
  }

  InProcessOptions ServerSide(TraceOptions options) {
    return {.server = {.middleware = {TraceServerCalls(std::move(options))}}};
  }
  InProcessOptions BothSides(const TraceOptions& options) {
    return {.server = {.middleware = {TraceServerCalls(options)}},
            .channel = {.middleware = {TraceClientCalls(options)}}};
  }

  std::mutex mutex_;
  std::vector<SeenSpan> spans_;
  Relay first_;
  Relay second_;
};

TEST_F(TraceCallsTest, ACallIsASpanBelowThatOfItsCaller) {
  InProcess<RawClient> server(first_.service(), ServerSide(Options()));
  ASSERT_THAT(server->Unary("test.v1.Relay/Tell", {}, {.metadata = {{"traceparent", kParent}}}),
              IsOk());
  ASSERT_TRUE(HasSpans(1));
  const SeenSpan span = Spans().front();
  EXPECT_EQ(span.kind, Span::Kind::kServer);
  EXPECT_EQ(span.method, "test.v1.Relay/Tell");
  EXPECT_EQ(span.trace, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(span.parent, "b7ad6b7169203331");
  EXPECT_NE(span.span, span.parent);
  EXPECT_EQ(span.status, absl::StatusCode::kOk);
  EXPECT_GE(span.duration, std::chrono::nanoseconds(0));
  EXPECT_TRUE(span.has_peer);
}

TEST_F(TraceCallsTest, ACallWithoutATraceBeginsOne) {
  InProcess<RawClient> server(first_.service(), ServerSide(Options()));
  ASSERT_THAT(server->Unary("test.v1.Relay/Tell", {}), IsOk());
  ASSERT_THAT(server->Unary("no.v1.Such/Method", {}), StatusIs(absl::StatusCode::kUnimplemented));
  ASSERT_TRUE(HasSpans(2));
  const std::vector<SeenSpan> spans = Spans();
  EXPECT_EQ(spans[0].parent, "0000000000000000");
  EXPECT_NE(spans[0].trace, spans[1].trace);
  EXPECT_EQ(spans[1].status, absl::StatusCode::kUnimplemented);
}

// Client, server, client and server: each below the one before.
TEST_F(TraceCallsTest, ACallThatAHandlerMakesBelongsToItsTrace) {
  InProcess<RawClient> second(second_.service(), BothSides(Options()));
  first_.set_next(second.channel());
  InProcess<RawClient> first(first_.service(), BothSides(Options()));
  ASSERT_THAT(first->Unary("test.v1.Relay/Ask", {}), IsOk());
  ASSERT_TRUE(HasSpans(4));
  const std::vector<SeenSpan> spans = Spans();
  std::string parent = "0000000000000000";
  for (std::size_t depth = 0; depth < 4; ++depth) {
    const auto below = std::find_if(spans.begin(), spans.end(),
                                    [&](const SeenSpan& span) { return span.parent == parent; });
    ASSERT_NE(below, spans.end()) << depth;
    EXPECT_EQ(below->kind, depth % 2 == 0 ? Span::Kind::kClient : Span::Kind::kServer);
    EXPECT_EQ(below->trace, spans.front().trace);
    parent = below->span;
  }
}

TEST_F(TraceCallsTest, AServerThatDoesNotTraceHandsOnWhatItWasSent) {
  InProcess<RawClient> second(second_.service());
  first_.set_next(second.channel());
  InProcess<RawClient> first(first_.service());
  const Metadata sent{{"traceparent", kParent}, {"tracestate", "a=1"}, {"secret", "stays"}};
  EXPECT_THAT(first->Unary("test.v1.Relay/Ask", {}, {.metadata = sent}),
              IsOkAndHolds(Field(&RawMessage::bytes,
                                 std::string("traceparent=") + kParent + ";tracestate=a=1;")));
}

TEST_F(TraceCallsTest, OneInSoManyNewTracesIsSampledAndItsCallsBelowAre) {
  InProcess<RawClient> server(first_.service(), BothSides(Options(3)));
  for (int i = 0; i < 6; ++i) ASSERT_THAT(server->Unary("test.v1.Relay/Tell", {}), IsOk());
  ASSERT_TRUE(HasSpans(4));
  const std::vector<SeenSpan> spans = Spans();
  EXPECT_EQ(std::count_if(spans.begin(), spans.end(),
                          [](const SeenSpan& span) { return span.kind == Span::Kind::kClient; }),
            2);
}

TEST_F(TraceCallsTest, NoneOfNewTracesIsSampledWhereNoneIsWanted) {
  InProcess<RawClient> server(first_.service(), BothSides(Options(0)));
  EXPECT_THAT(server->Unary("test.v1.Relay/Tell", {}),
              IsOkAndHolds(Field(&RawMessage::bytes, EndsWith("-00;"))));
  // The end of this one is seen, so that of the one before has been.
  ASSERT_THAT(server->Unary("test.v1.Relay/Tell", {}, {.metadata = {{"traceparent", kParent}}}),
              IsOk());
  ASSERT_TRUE(HasSpans(2));
}

TEST_F(TraceCallsTest, ACallThatWasNeverSentHasASpanWithoutAPeer) {
  InProcess<RawClient> server(first_.service(), BothSides(Options()));
  server.faults().Refuse(absl::UnavailableError("nobody there"));
  EXPECT_THAT(server->Unary("test.v1.Relay/Tell", {}), StatusIs(absl::StatusCode::kUnavailable));
  ASSERT_TRUE(HasSpans(1));
  EXPECT_FALSE(Spans().front().has_peer);
  EXPECT_EQ(Spans().front().status, absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace piperpc::testing
