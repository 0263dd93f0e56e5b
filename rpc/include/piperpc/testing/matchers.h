// Matchers of GoogleTest for absl::Status and absl::StatusOr. Include it where GTest::gmock is
// linked; the library piperpc::testing itself does not need it.
//
//     EXPECT_THAT(client.Greet(request), IsOkAndHolds(HasGreeting("Hello, Ana!")));
//     EXPECT_THAT(client.Greet({}), StatusIs(kInvalidArgument, HasSubstr("name")));
//     EXPECT_THAT(client.Greet({}), HasErrorDetail<Hint>(Property(&Hint::text, "a name")));
#pragma once

#include <gmock/gmock.h>

#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace piperpc {
namespace internal {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

// A matcher of a status, for everything that has one.
template <typename Judge>
class StatusMatcher {
 public:
  explicit StatusMatcher(Judge judge) : judge_(std::move(judge)) {}

  template <typename Result>
  operator ::testing::Matcher<Result>() const {  // NOLINT(google-explicit-constructor)
    return ::testing::Matcher<Result>(new Impl<Result>(judge_));
  }

 private:
  template <typename Result>
  class Impl final : public ::testing::MatcherInterface<Result> {
   public:
    explicit Impl(Judge judge) : judge_(std::move(judge)) {}
    void DescribeTo(std::ostream* out) const override { judge_.Describe(*out, true); }
    void DescribeNegationTo(std::ostream* out) const override { judge_.Describe(*out, false); }
    bool MatchAndExplain(Result result, ::testing::MatchResultListener* listener) const override {
      const absl::Status& status = StatusOf(result);
      *listener << "whose status is " << status;
      return judge_.Match(status, *listener);
    }

   private:
    const Judge judge_;
  };

  const Judge judge_;
};

struct JudgeOk {
  void Describe(std::ostream& out, bool is) const { out << (is ? "is OK" : "is not OK"); }
  bool Match(const absl::Status& status, ::testing::MatchResultListener&) const {
    return status.ok();
  }
};

struct JudgeCodeAndText {
  ::testing::Matcher<absl::StatusCode> code;
  ::testing::Matcher<const std::string&> text;

  void Describe(std::ostream& out, bool is) const {
    out << (is ? "has a status code that " : "has no status code that ");
    code.DescribeTo(&out);
    out << (is ? ", and a text that " : ", or no text that ");
    text.DescribeTo(&out);
  }
  bool Match(const absl::Status& status, ::testing::MatchResultListener& listener) const {
    if (!code.Matches(status.code())) return false;
    const std::string said(status.message());
    if (text.Matches(said)) return true;
    listener << ", whose text does not match";
    return false;
  }
};

template <typename Detail>
struct JudgeDetail {
  ::testing::Matcher<const Detail&> detail;

  static std::string Type() { return Detail().GetTypeName(); }

  void Describe(std::ostream& out, bool is) const {
    out << (is ? "has an error detail " : "has no error detail ") << Type() << " that ";
    detail.DescribeTo(&out);
  }
  bool Match(const absl::Status& status, ::testing::MatchResultListener& listener) const {
    const auto bytes = status.GetPayload("type.googleapis.com/" + Type());
    if (!bytes.has_value()) {
      listener << ", without a detail " << Type();
      return false;
    }
    Detail parsed;
    if (!parsed.ParseFromString(std::string(*bytes))) {
      listener << ", whose detail " << Type() << " is damaged";
      return false;
    }
    listener << ", with a detail ";
    return detail.MatchAndExplain(parsed, &listener);
  }
};

// IsOkAndHolds().
template <typename Value>
class HoldsMatcher {
 public:
  explicit HoldsMatcher(Value value) : value_(std::move(value)) {}

  template <typename Result>
  operator ::testing::Matcher<Result>() const {  // NOLINT(google-explicit-constructor)
    return ::testing::Matcher<Result>(new Impl<Result>(value_));
  }

 private:
  template <typename Result>
  class Impl final : public ::testing::MatcherInterface<Result> {
   public:
    using Held = typename std::remove_cvref_t<Result>::value_type;
    explicit Impl(const Value& value) : value_(::testing::SafeMatcherCast<const Held&>(value)) {}
    void DescribeTo(std::ostream* out) const override {
      *out << "is OK and holds a value that ";
      value_.DescribeTo(out);
    }
    void DescribeNegationTo(std::ostream* out) const override {
      *out << "is not OK, or holds a value that ";
      value_.DescribeNegationTo(out);
    }
    bool MatchAndExplain(Result result, ::testing::MatchResultListener* listener) const override {
      if (!result.ok()) {
        *listener << "whose status is " << result.status();
        return false;
      }
      *listener << "which holds " << ::testing::PrintToString(*result) << " ";
      return value_.MatchAndExplain(*result, listener);
    }

   private:
    const ::testing::Matcher<const Held&> value_;
  };

  const Value value_;
};

}  // namespace internal

namespace testing {

// Matches a Status, or a StatusOr, that is OK.
inline auto IsOk() { return internal::StatusMatcher(internal::JudgeOk()); }

// Matches a StatusOr that is OK and whose value `value` matches: a value, or a matcher.
template <typename Value>
auto IsOkAndHolds(Value&& value) {
  return internal::HoldsMatcher<std::decay_t<Value>>(std::forward<Value>(value));
}

// Matches a Status, or a StatusOr, with this code and this text; both may be matchers. Without
// `text`, any will do.
template <typename Code, typename Text>
auto StatusIs(Code code, Text text) {
  return internal::StatusMatcher(
      internal::JudgeCodeAndText{::testing::SafeMatcherCast<absl::StatusCode>(code),
                                 ::testing::SafeMatcherCast<const std::string&>(text)});
}
template <typename Code>
auto StatusIs(Code code) {
  return StatusIs(code, ::testing::_);
}

// Matches a Status, or a StatusOr, to which a handler attached a message of the type Detail, under
// "type.googleapis.com/" and its full name (piperpc/server_context.h). Without `detail`, a matcher
// of that message, any will do.
template <typename Detail, typename DetailMatcher>
auto HasErrorDetail(DetailMatcher detail) {
  return internal::StatusMatcher(
      internal::JudgeDetail<Detail>{::testing::SafeMatcherCast<const Detail&>(detail)});
}
template <typename Detail>
auto HasErrorDetail() {
  return HasErrorDetail<Detail>(::testing::_);
}

}  // namespace testing
}  // namespace piperpc
