// The limit on how deep messages may nest, in every place where one is parsed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "in.piperpc.h"
#include "piperpc/internal/stubs.h"
#include "piperpc/server.h"
#include "src/transport/transport.h"

namespace piperpc {
namespace {

using internal::kMaxNesting;
using nesting::v1::Leaf;
using nesting::v1::Node;

Node NodeOf(int levels, int reply_levels = 0) {
  Node node;
  node.set_reply_levels(reply_levels);
  Node* innermost = &node;
  for (int i = 0; i < levels; ++i) innermost = innermost->mutable_inner();
  return node;
}

class Service final : public nesting::v1::NodeService {
  Task<absl::StatusOr<Node>> Get(ServerContext&, Node request) override {
    co_return NodeOf(request.reply_levels());
  }
  Stream<Node> List(ServerContext&, Node request) override {
    co_yield NodeOf(request.reply_levels());
  }
  Task<absl::StatusOr<Node>> Collect(ServerContext&, Reader<Node> reader) override {
    auto next = reader.Next();
    const std::optional<Node> request = co_await next;
    co_return NodeOf(request.has_value() ? request->reply_levels() : 0);
  }
  Stream<Node> Chat(ServerContext&, Reader<Node> reader) override {
    auto next = reader.Next();
    const std::optional<Node> request = co_await next;
    if (request.has_value()) co_yield NodeOf(request->reply_levels());
  }
  Task<absl::StatusOr<Leaf>> Blind(ServerContext&, Leaf request) override { co_return request; }
};

class NestingTest : public testing::Test {
 protected:
  NestingTest() {
    EXPECT_TRUE(server_.AddService(service_).ok());
    EXPECT_TRUE(server_.Start("nesting").ok());
  }

  // How a call of each form ends, with requests and replies of so many levels.
  absl::Status Get(int request, int reply) { return client_.Get(NodeOf(request, reply)).status(); }
  absl::Status List(int request, int reply) {
    return StatusOf(client_.List(NodeOf(request, reply)));
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
  absl::Status Blind(std::string bytes) {
    static constexpr internal::ClientMethod kBlind{"nesting.v1.NodeService/Blind",
                                                   MethodShape::kUnary};
    return internal::CallUnary<RawMessage>(*channel_, kBlind, RawMessage{std::move(bytes)}, {})
        .status();
  }

  // The status of each form in turn must be of this code.
  void ExpectAll(int request, int reply, absl::StatusCode code) {
    EXPECT_EQ(Get(request, reply).code(), code);
    EXPECT_EQ(List(request, reply).code(), code);
    EXPECT_EQ(Collect(request, reply).code(), code);
    EXPECT_EQ(Chat(request, reply).code(), code);
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
  Server server_{{.transport = transport_.get()}};
  std::shared_ptr<Channel> channel_ = Connect("nesting", {.transport = transport_.get()});
  nesting::v1::NodeClient client_{channel_};
};

TEST_F(NestingTest, RecursiveMessagesMayNestUpToTheLimit) {
  ExpectAll(kMaxNesting, kMaxNesting, absl::StatusCode::kOk);
}

TEST_F(NestingTest, RequestsThatNestDeeperAreRefused) {
  ExpectAll(kMaxNesting + 1, 0, absl::StatusCode::kInvalidArgument);
}

TEST_F(NestingTest, RepliesThatNestDeeperAreRefused) {
  ExpectAll(0, kMaxNesting + 1, absl::StatusCode::kInternal);
}

// `levels` groups of field 15, one inside the other.
std::string UnknownGroups(std::size_t levels) {
  constexpr char kStart = 15 << 3 | 3;
  constexpr char kEnd = 15 << 3 | 4;
  return std::string(levels, kStart) + std::string(levels, kEnd);
}

TEST_F(NestingTest, GroupsThatAShallowTypeDoesNotKnowNestAsDeepAsProtobufAllows) {
  EXPECT_EQ(Blind(UnknownGroups(100)), absl::OkStatus());
  EXPECT_EQ(Blind(UnknownGroups(101)).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(NestingTest, GroupsThatARecursiveTypeDoesNotKnowCount) {
  Node node;
  const auto parses = [&node](std::size_t levels) {
    const std::string bytes = UnknownGroups(levels);
    return internal::ParseMessage(bytes, node, internal::Nesting::kAny);
  };
  EXPECT_TRUE(parses(kMaxNesting));
  EXPECT_FALSE(parses(kMaxNesting + 1));
}

TEST_F(NestingTest, LongestChainOfAShallowTypeIsTakenAsOneThatIsCounted) {
  nesting::v1::Level1 filled;
  google::protobuf::Message* innermost = &filled;
  for (int i = 0; i < kMaxNesting; ++i) {
    const auto* const field = innermost->GetDescriptor()->field(0);
    innermost = innermost->GetReflection()->MutableMessage(innermost, field);
  }
  const std::string bytes = filled.SerializeAsString() + std::string("\x7a\x02xx", 4);
  nesting::v1::Level1 parsed;
  EXPECT_TRUE(internal::ParseMessage(bytes, parsed, internal::Nesting::kAny));
  EXPECT_TRUE(internal::ParseMessage(bytes, parsed, internal::Nesting::kShallow));
}

}  // namespace
}  // namespace piperpc
