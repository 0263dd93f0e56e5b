#include "piperpc/testing/matchers.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "testing/notes.h"

namespace piperpc::testing {
namespace {

using absl::StatusCode;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pointee;
using ::testing::Property;
using ::testing::StringMatchResultListener;

// What a failure shows.
template <typename Matcher, typename Value>
std::string Explain(const Matcher& matcher, const Value& value) {
  StringMatchResultListener listener;
  const ::testing::Matcher<const Value&> of_value = matcher;
  EXPECT_FALSE(of_value.MatchAndExplain(value, &listener));
  return listener.str();
}

template <typename Value, typename Matcher>
std::string Describe(const Matcher& matcher) {
  return ::testing::DescribeMatcher<Value>(matcher);
}

TEST(Matchers, IsOkTellsTheStatusOfWhatIsNot) {
  EXPECT_THAT(absl::OkStatus(), IsOk());
  EXPECT_THAT(absl::StatusOr<int>(7), IsOk());
  EXPECT_THAT(absl::AbortedError("why"), Not(IsOk()));
  EXPECT_THAT(Explain(IsOk(), absl::AbortedError("why")), HasSubstr("ABORTED: why"));
  EXPECT_EQ(Describe<absl::Status>(IsOk()), "is OK");
}

TEST(Matchers, IsOkAndHoldsTakesValuesAndMatchers) {
  EXPECT_THAT(absl::StatusOr<int>(7), IsOkAndHolds(7));
  EXPECT_THAT(absl::StatusOr<std::string>("seven"), IsOkAndHolds(HasSubstr("eve")));
  EXPECT_THAT(absl::StatusOr<int>(7), Not(IsOkAndHolds(8)));
  EXPECT_THAT(absl::StatusOr<Note>(NoteOf("a")), IsOkAndHolds(Property(&Note::text, "a")));
  const absl::StatusOr<int> failed = absl::AbortedError("why");
  EXPECT_THAT(Explain(IsOkAndHolds(7), failed), HasSubstr("ABORTED: why"));
  EXPECT_THAT(Explain(IsOkAndHolds(8), absl::StatusOr<int>(7)), HasSubstr("holds 7"));
}

TEST(Matchers, IsOkAndHoldsWhatCannotBeCopied) {
  EXPECT_THAT(absl::StatusOr<std::unique_ptr<int>>(std::make_unique<int>(7)),
              IsOkAndHolds(Pointee(7)));
}

TEST(Matchers, StatusIsLooksAtCodeAndText) {
  const absl::Status status = absl::NotFoundError("no such note");
  EXPECT_THAT(status, StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(status, StatusIs(StatusCode::kNotFound, HasSubstr("note")));
  EXPECT_THAT(status, StatusIs(StatusCode::kNotFound, "no such note"));
  EXPECT_THAT(status, StatusIs(AnyOf(StatusCode::kAborted, StatusCode::kNotFound)));
  EXPECT_THAT(absl::StatusOr<int>(status), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(status, Not(StatusIs(StatusCode::kAborted)));
  EXPECT_THAT(Explain(StatusIs(StatusCode::kNotFound, IsEmpty()), status),
              HasSubstr("NOT_FOUND: no such note, whose text does not match"));
}

TEST(Matchers, HasErrorDetailLooksIntoTheDetail) {
  const absl::Status status = NoNote("hint");
  EXPECT_THAT(status, HasErrorDetail<Note>());
  EXPECT_THAT(absl::StatusOr<int>(status), HasErrorDetail<Note>(Property(&Note::text, "hint")));
  EXPECT_THAT(status, Not(HasErrorDetail<Note>(Property(&Note::text, "other"))));
  EXPECT_THAT(Explain(HasErrorDetail<mocks::v1::MockTakenClient>(), status),
              HasSubstr("without a detail mocks.v1.MockTakenClient"));
  EXPECT_EQ(
      Describe<absl::Status>(HasErrorDetail<Note>()).find("has an error detail mocks.v1.Note"), 0u);
}

TEST(Matchers, HasErrorDetailFindsADamagedOne) {
  absl::Status status = absl::NotFoundError("");
  status.SetPayload("type.googleapis.com/mocks.v1.Note", absl::Cord("\x0a"));
  EXPECT_THAT(Explain(HasErrorDetail<Note>(), status), HasSubstr("is damaged"));
}

}  // namespace
}  // namespace piperpc::testing
