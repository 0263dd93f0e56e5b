// The limit on how deep messages may nest, in every place where one is sent or parsed.
#include "piperpc/internal/nesting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "google/protobuf/any.pb.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/timestamp.pb.h"
#include "in.piperpc.h"
#include "piperpc/internal/stubs.h"
#include "piperpc/raw_client.h"
#include "piperpc/raw_service.h"
#include "piperpc/server.h"
#include "src/transport/transport.h"

namespace piperpc {
namespace {

using google::protobuf::Struct;
using internal::kMaxNesting;
using internal::ParseResult;
using nesting::v1::Node;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Node NodeOf(int levels, int reply_levels = 0) {
  Node node;
  node.set_reply_levels(reply_levels);
  Node* innermost = &node;
  for (int i = 0; i < levels; ++i) innermost = innermost->mutable_inner();
  return node;
}

// The bytes of a node of so many levels, for depths at which protobuf's own code would recurse.
std::string BytesOfNode(int levels) {
  std::string bytes;  // Back to front, as a length stands before what it counts.
  for (int i = 0; i < levels; ++i) {
    std::string head = "\x0a";
    std::size_t length = bytes.size();
    for (; length >= 0x80; length >>= 7) head.push_back(static_cast<char>(length | 0x80));
    head.push_back(static_cast<char>(length));
    bytes.append(head.rbegin(), head.rend());
  }
  return {bytes.rbegin(), bytes.rend()};
}

// A Struct in a Struct; each level but the first is an entry, a Value and a Struct.
Struct StructOf(int levels) {
  Struct outermost;
  Struct* innermost = &outermost;
  for (int i = 1; i < levels; ++i) {
    innermost = (*innermost->mutable_fields())["inner"].mutable_struct_value();
  }
  return outermost;
}

class Service final : public nesting::v1::NodeService {
  Task<absl::StatusOr<Node>> CoGet(ServerContext&, Node request) override {
    co_return NodeOf(request.reply_levels());
  }
  Stream<Node> CoList(ServerContext&, Node request) override {
    co_yield NodeOf(request.reply_levels());
  }
  Task<absl::StatusOr<Node>> CoCollect(ServerContext&, CoReader<Node> reader) override {
    auto next = reader.CoNext();
    const std::optional<Node> request = co_await next;
    co_return NodeOf(request.has_value() ? request->reply_levels() : 0);
  }
  Stream<Node> CoChat(ServerContext&, CoReader<Node> reader) override {
    auto next = reader.CoNext();
    const std::optional<Node> request = co_await next;
    if (request.has_value()) co_yield NodeOf(request->reply_levels());
  }
  Task<absl::StatusOr<Struct>> CoStore(ServerContext&, Struct request) override {
    co_return request;
  }
};

class NestingTest : public testing::Test {
 protected:
  NestingTest() {
    raw_nodes_.AddUnary("Get",
                        [](ServerContext&, RawMessage request) -> Task<absl::StatusOr<RawMessage>> {
                          Node node;
                          EXPECT_TRUE(node.ParseFromString(request.bytes));
                          co_return RawMessage{BytesOfNode(node.reply_levels())};
                        });
    EXPECT_TRUE(server_.AddService(service_).ok());
    EXPECT_TRUE(server_.AddService(raw_nodes_).ok());
    EXPECT_TRUE(server_.Start("nesting").ok());
  }
  ~NestingTest() override {
    EXPECT_EQ(Get(0, 0), absl::OkStatus());
    EXPECT_EQ(channel_->connections_made(), 1u) << "a message cost more than its call";
  }

  // How a call of each form ends, with requests and replies of so many levels.
  absl::Status Get(int request, int reply) { return client_.Get(NodeOf(request, reply)).status(); }
  absl::Status GetAsync(int request, int reply) {
    std::promise<absl::Status> ended;
    client_.GetAsync(NodeOf(request, reply), {},
                     [&](absl::StatusOr<Node> node) { ended.set_value(node.status()); });
    return ended.get_future().get();
  }
  absl::Status List(int request, int reply) {
    return StatusOf(client_.List(NodeOf(request, reply)));
  }
  absl::Status ListAsync(int request, int reply) {
    std::promise<absl::Status> ended;
    client_.ListAsync(
        NodeOf(request, reply), {}, [](const Node&) {},
        [&](absl::Status status) { ended.set_value(std::move(status)); });
    return ended.get_future().get();
  }
  absl::Status Collect(int request, int reply) {
    auto writer = client_.Collect();
    writer.Write(NodeOf(request, reply));
    return writer.Finish().status();
  }
  absl::Status Chat(int request, int reply) {
    auto stream = client_.Chat();
    stream.Write(NodeOf(request, reply));
    return StatusOf(std::move(stream));
  }
  // Bytes whose depth only the receiver knows.
  absl::Status GetRaw(std::string bytes) {
    return RawClient(channel_)
        .Unary("nesting.v1.NodeService/Get", RawMessage{std::move(bytes)}, {})
        .status();
  }
  absl::StatusOr<Node> GetFromRawService(const Node& request) {
    static constexpr internal::ClientMethod kGet{"nesting.v1.RawNodes/Get", MethodType::kUnary};
    return internal::CallUnary<Node>(*channel_, kGet, request, {});
  }
  absl::StatusOr<Struct> Store(const Struct& request) { return client_.Store(request); }

  // What is true of the status of each form.
  template <typename Matcher>
  void ExpectAll(int request, int reply, absl::StatusCode code, const Matcher& text) {
    const std::pair<const char*, absl::Status> ends[] = {
        {"unary", Get(request, reply)},
        {"unary, callback", GetAsync(request, reply)},
        {"server streaming", List(request, reply)},
        {"server streaming, callback", ListAsync(request, reply)},
        {"client streaming", Collect(request, reply)},
        {"bidirectional", Chat(request, reply)}};
    for (const auto& [form, status] : ends) {
      EXPECT_EQ(status.code(), code) << form << ": " << status;
      EXPECT_THAT(std::string(status.message()), text) << form;
    }
  }

 private:
  template <typename Replies>
  static absl::Status StatusOf(Replies replies) {
    while (replies.Next().has_value()) {
    }
    return replies.status();
  }

  std::unique_ptr<transport::Transport> transport_ = transport::NewMemoryTransport();
  Service service_;
  RawService raw_nodes_{"nesting.v1.RawNodes"};
  Server server_{{.transport = transport_.get()}};
  std::shared_ptr<Channel> channel_ = Connect("nesting", {.transport = transport_.get()});
  nesting::v1::NodeClient client_{channel_};
};

TEST_F(NestingTest, MessagesMayNestAsDeepAsProtobufAllows) {
  EXPECT_EQ(kMaxNesting, google::protobuf::io::CodedInputStream::GetDefaultRecursionLimit());
  ExpectAll(kMaxNesting, kMaxNesting, absl::StatusCode::kOk, "");
}

constexpr char kLimit[] = "it nests more than 100 levels";

TEST_F(NestingTest, ARequestThatNestsDeeperIsNotSent) {
  ExpectAll(kMaxNesting + 1, 0, absl::StatusCode::kInvalidArgument,
            AllOf(HasSubstr("cannot send a request of nesting.v1.NodeService/"), HasSubstr(kLimit),
                  HasSubstr("flatter")));
}

TEST_F(NestingTest, AReplyThatNestsDeeperIsNotSent) {
  ExpectAll(0, kMaxNesting + 1, absl::StatusCode::kInternal,
            AllOf(HasSubstr("cannot send a reply of nesting.v1.NodeService/"), HasSubstr(kLimit),
                  HasSubstr("flatter")));
}

TEST_F(NestingTest, ARequestThatWasSentAllTheSameIsRefusedWithTheLimit) {
  EXPECT_TRUE(GetRaw(BytesOfNode(kMaxNesting)).ok());
  const absl::Status status = GetRaw(BytesOfNode(kMaxNesting + 1));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("cannot parse a request of nesting.v1.NodeService/Get"),
                    HasSubstr(kLimit), HasSubstr("flatter")));
}

TEST_F(NestingTest, AReplyThatWasSentAllTheSameIsRefusedWithTheLimit) {
  EXPECT_TRUE(GetFromRawService(NodeOf(0, kMaxNesting)).ok());
  const absl::Status status = GetFromRawService(NodeOf(0, kMaxNesting + 1)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("the server's reply, nesting.v1.RawNodes"), HasSubstr(kLimit),
                    HasSubstr("flatter")));
}

TEST_F(NestingTest, AStructOf34LevelsGoesBothWays) {
  const absl::StatusOr<Struct> reply = Store(StructOf(34));
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->SerializeAsString(), StructOf(34).SerializeAsString());
  const absl::Status refused = Store(StructOf(35)).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("more than 100 levels"));
}

// It would have to be serialized for that.
TEST_F(NestingTest, ARequestAboveTheServersLimitIsNotLookedInto) {
  ASSERT_TRUE(Get(0, 0).ok());
  Struct request = StructOf(35);
  (*request.mutable_fields())["large"].set_string_value(std::string(5 << 20, 'x'));
  const absl::Status status = Store(request).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
}

TEST_F(NestingTest, MessagesOfAbsurdDepthCostOneCallEach) {
  for (const int levels : {201, 1'000, 30'000}) {
    const absl::Status status = GetRaw(BytesOfNode(levels));
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << levels;
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("damaged"), HasSubstr("nests more than 200 levels"),
                      HasSubstr("100 is the limit")))
        << levels;
  }
}

TEST_F(NestingTest, ADamagedRequestIsNotToldToBeTooDeep) {
  const absl::Status status = GetRaw("\x0a\x05");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("a request of nesting.v1.NodeService/"
                                                             "Get of 2 bytes: it is damaged"),
                                                   Not(HasSubstr("levels"))));
}

TEST_F(NestingTest, ADeepRequestThatIsDamagedInsideIsNotToldToBeTooDeep) {
  std::string bytes = BytesOfNode(kMaxNesting + 1);
  bytes[bytes.size() - 2] = '\x0b';  // A group begins that never ends.
  const absl::Status status = GetRaw(bytes);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("it is damaged"));
}

// The levels of a message, counted up to `most`.
template <typename T>
int Levels(const T& message, int most = 1'000) {
  return internal::LevelsOf(message.SerializeAsString(), T::descriptor(), most);
}

TEST(LevelsTest, AreThoseThatAParserCounts) {
  EXPECT_EQ(Levels(Node()), 0);
  EXPECT_EQ(Levels(NodeOf(7, 300)), 7);
  EXPECT_EQ(Levels(StructOf(34)), 99);
  EXPECT_EQ(Levels(StructOf(35)), 102);
}

TEST(LevelsTest, AreCountedUpToOneMoreThanTheMost) {
  EXPECT_EQ(Levels(NodeOf(7), 7), 7);
  EXPECT_EQ(Levels(NodeOf(7), 6), 7);
  EXPECT_EQ(Levels(NodeOf(70), 6), 7);
}

// The deepest may be anywhere among its siblings.
TEST(LevelsTest, AreThoseOfTheDeepestPart) {
  for (int deepest = 0; deepest < 3; ++deepest) {
    Struct message;
    for (int i = 0; i < 3; ++i) {
      *(*message.mutable_fields())[std::to_string(i)].mutable_struct_value() =
          StructOf(i == deepest ? 9 : 4);
    }
    EXPECT_EQ(Levels(message), 27) << deepest;
  }
}

TEST(LevelsTest, OfAStringAreNone) {
  Struct message;
  (*message.mutable_fields())["node"].set_string_value(BytesOfNode(60));
  EXPECT_EQ(Levels(message), 2);
}

TEST(LevelsTest, OfDamagedBytesAreThoseUntilThere) {
  std::string bytes = BytesOfNode(9);
  bytes[bytes.size() - 2] = '\x0f';  // There is no such type of field.
  EXPECT_EQ(internal::LevelsOf(bytes, Node::descriptor(), 1'000), 8);
}

TEST(LevelsTest, CanBeTooManyOnlyInATypeThatContainsItself) {
  EXPECT_TRUE(internal::CanNestTooDeep(Node::descriptor()));
  EXPECT_TRUE(internal::CanNestTooDeep(Struct::descriptor()));
  EXPECT_TRUE(internal::CanNestTooDeep(google::protobuf::Value::descriptor()));
  EXPECT_TRUE(internal::CanNestTooDeep(google::protobuf::FileDescriptorSet::descriptor()));
  EXPECT_FALSE(internal::CanNestTooDeep(google::protobuf::Timestamp::descriptor()));
  EXPECT_FALSE(internal::CanNestTooDeep(google::protobuf::Any::descriptor()));
}

// `levels` groups of field 15, one inside the other.
std::string UnknownGroups(int levels) {
  constexpr char kStart = 15 << 3 | 3;
  constexpr char kEnd = 15 << 3 | 4;
  const auto count = static_cast<std::size_t>(levels);
  return std::string(count, kStart) + std::string(count, kEnd);
}

TEST_F(NestingTest, GroupsThatATypeDoesNotKnowCount) {
  Node node;
  const auto parse = [&node](int levels) {
    return internal::ParseMessage(UnknownGroups(levels), node);
  };
  EXPECT_EQ(parse(kMaxNesting), ParseResult::kParsed);
  EXPECT_EQ(parse(kMaxNesting + 1), ParseResult::kTooDeep);
  EXPECT_EQ(internal::LevelsOf(UnknownGroups(7), Node::descriptor(), 1'000), 7);
}

// What was refused leaves nothing of itself behind.
TEST_F(NestingTest, AMessageThatIsTooDeepIsNotTakenInPart) {
  Node node;
  EXPECT_EQ(internal::ParseMessage(NodeOf(kMaxNesting + 1).SerializeAsString(), node),
            ParseResult::kTooDeep);
  EXPECT_FALSE(node.has_inner());
}

}  // namespace
}  // namespace piperpc
