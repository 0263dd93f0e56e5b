// A service of typed messages, which are parsed: for what cannot be.
#pragma once

#include "in.piperpc.h"

namespace piperpc::conformance {

// "nesting.v1.NodeService": all that it gets comes back.
class NodeService final : public nesting::v1::NodeService {
  using Node = nesting::v1::Node;
  using Struct = google::protobuf::Struct;

  Task<absl::StatusOr<Node>> CoGet(ServerContext&, Node request) override { co_return request; }
  Stream<Node> CoList(ServerContext&, Node request) override { co_yield request; }
  Task<absl::StatusOr<Node>> CoCollect(ServerContext&, CoReader<Node> reader) override {
    Node last;
    while (std::optional<Node> next = co_await reader.CoNext()) last = *std::move(next);
    co_return last;
  }
  Stream<Node> CoChat(ServerContext&, CoReader<Node> reader) override {
    while (std::optional<Node> next = co_await reader.CoNext()) {
      Node node = *std::move(next);
      co_yield node;
    }
  }
  Task<absl::StatusOr<Struct>> CoStore(ServerContext&, Struct request) override {
    co_return request;
  }
};

}  // namespace piperpc::conformance
