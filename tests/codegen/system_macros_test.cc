// Methods whose names are macros of a system's headers, called from sources that have these macros
// and from sources that do not.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "codegen/beside_macros.h"
#include "in.piperpc.h"
#include "piperpc/channel.h"
#include "piperpc/in_process.h"
#include "piperpc/server.h"

namespace piperpc {
namespace {

using system_macros::v1::Text;

TEST(SystemMacros, MethodsAreTheSameForSourcesWithAndWithoutTheMacros) {
  const std::shared_ptr<transport::Transport> transport = NewInProcessTransport();
  const std::unique_ptr<Service> echo = testing::NewEcho();
  Server server({.transport = transport.get()});
  ASSERT_TRUE(server.AddService(*echo).ok());
  ASSERT_TRUE(server.Start("macros").ok());
  const std::shared_ptr<Channel> channel = Connect("macros", {.transport = transport.get()});

  system_macros::v1::CreateClient client(channel);
  Text request;
  request.set_text("same");
  for (const absl::StatusOr<Text>& response :
       {client.GetMessage(request), client.DELETE(request), client.max(request)}) {
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->text(), "same");
  }
  EXPECT_NE(testing::CallMajor(channel).find("system_macros.v1.Device"), std::string::npos);
}

}  // namespace
}  // namespace piperpc
