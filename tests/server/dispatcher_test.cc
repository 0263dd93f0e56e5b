#include "src/server/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "piperpc/raw_service.h"

namespace piperpc::server {
namespace {

using ::testing::HasSubstr;

Task<absl::StatusOr<RawMessage>> Nothing(ServerContext&, RawMessage) { co_return RawMessage{}; }

TEST(Dispatcher, FindsWhatWasAdded) {
  RawService service("a.b.C");
  service.AddUnary("D", Nothing);
  Dispatcher dispatcher;
  ASSERT_TRUE(dispatcher.Add(service).ok());
  const Dispatcher::Entry* const entry = dispatcher.Find("a.b.C/D");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->service, &service);
  EXPECT_EQ(dispatcher.Find("a.b.C/E"), nullptr);
  EXPECT_EQ(dispatcher.Find(""), nullptr);
}

TEST(Dispatcher, RefusesAServiceTwice) {
  RawService service("a.b.C");
  RawService twin("a.b.C");
  Dispatcher dispatcher;
  ASSERT_TRUE(dispatcher.Add(service).ok());
  const absl::Status status = dispatcher.Add(twin);
  EXPECT_TRUE(absl::IsAlreadyExists(status));
  EXPECT_EQ(status.message(), "the service a.b.C has been added already");
}

// A service may be the user's own, with names of another's methods.
TEST(Dispatcher, RefusesAMethodThatAnotherServiceHas) {
  class Other final : public Service {
   public:
    explicit Other(std::span<const Method> methods) : methods_(methods) {}
    std::string_view name() const override { return "x.Y"; }
    std::span<const Method> methods() const override { return methods_; }

   private:
    std::span<const Method> methods_;
  };
  RawService service("a.b.C");
  service.AddUnary("D", Nothing);
  Other other(service.methods());
  Dispatcher dispatcher;
  ASSERT_TRUE(dispatcher.Add(service).ok());
  EXPECT_EQ(dispatcher.Add(other),
            absl::AlreadyExistsError("the method a.b.C/D has been added already"));
}

void ExpectRefused(RawService& service, absl::StatusCode code, const char* text) {
  Dispatcher dispatcher;
  const absl::Status status = dispatcher.Add(service);
  EXPECT_EQ(status.code(), code) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(text));
}

TEST(Dispatcher, RefusesAMethodThatIsTwiceInItsService) {
  RawService service("a.b.C");
  service.AddUnary("D", Nothing);
  service.AddClientStreaming("D", nullptr);
  ExpectRefused(service, absl::StatusCode::kAlreadyExists,
                "the service has the method a.b.C/D twice");
}

TEST(Dispatcher, RefusesAMethodWithoutAHandler) {
  RawService service("a.b.C");
  service.AddUnary("D", nullptr);
  ExpectRefused(service, absl::StatusCode::kInvalidArgument, "a.b.C/D has no handler");
}

TEST(Dispatcher, RefusesEmptyNames) {
  RawService nameless("");
  nameless.AddUnary("D", Nothing);
  ExpectRefused(nameless, absl::StatusCode::kInvalidArgument, "empty name");
  RawService service("a.b.C");
  service.AddUnary("", Nothing);
  ExpectRefused(service, absl::StatusCode::kInvalidArgument,
                "the method \"a.b.C/\" has an empty name, or its service has; it must be");
  RawService lengthy("a.b.C");
  lengthy.AddUnary(std::string(2000, 'D'), Nothing);
  ExpectRefused(lengthy, absl::StatusCode::kInvalidArgument,
                "a method name has 1 to 1024 bytes, not 2006");
}

TEST(Dispatcher, TellsAMissingServiceFromAMissingMethod) {
  RawService service("a.b.C");
  service.AddUnary("D", Nothing);
  Dispatcher dispatcher;
  ASSERT_TRUE(dispatcher.Add(service).ok());
  const absl::Status no_method = dispatcher.NotFound("a.b.C/X");
  const absl::Status no_service = dispatcher.NotFound("x.Y/D");
  EXPECT_TRUE(absl::IsUnimplemented(no_method));
  EXPECT_THAT(std::string(no_method.message()), HasSubstr("has no such method"));
  EXPECT_TRUE(absl::IsUnimplemented(no_service));
  EXPECT_THAT(std::string(no_service.message()), HasSubstr("no such service"));
  for (const char* const name : {"/a.b.C/D", "a.b.C", "a.b.C/", "a.b.C.D"}) {
    const absl::Status malformed = dispatcher.NotFound(name);
    EXPECT_TRUE(absl::IsUnimplemented(malformed));
    EXPECT_THAT(std::string(malformed.message()), HasSubstr("must be package.Service/Method"));
  }
  EXPECT_THAT(std::string(dispatcher.NotFound("a.B/C\nERROR").message()),
              HasSubstr("no method \"a.B/C\\nERROR\""));
}

}  // namespace
}  // namespace piperpc::server
