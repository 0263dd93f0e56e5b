// Faults that are met one by one: the first step that can fail, the second, until there are no
// more. What fails prints the command that runs that one alone.
//
// PIPERPC_TEST_FAULT='NAME, number N' is that one; a text that is not valid ends the program. A
// program whose tests have no fault of that name fails.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace piperpc::testing {

// A step that a fault meets.
struct FaultStep {
  std::string fault;
  std::size_t number = 0;  // From 1.

  static constexpr std::string_view kNumber = ", number ";

  std::string Text() const { return absl::StrCat(fault, std::string(kNumber), number); }

  // Nothing: `text` is not what Text() returns.
  static std::optional<FaultStep> Parse(const std::string& text) {
    const std::size_t comma = text.rfind(kNumber);
    FaultStep step;
    if (comma == std::string::npos ||
        !absl::SimpleAtoi(text.substr(comma + kNumber.size()), &step.number) || step.number == 0) {
      return std::nullopt;
    }
    step.fault = text.substr(0, comma);
    return step;
  }
};

// In a shell, in the root of the repository; PIPERPC_TEST_PROGRAM is set by tests/CMakeLists.txt.
inline std::string ReplayCommand(const FaultStep& step) {
  const ::testing::TestInfo& test = *::testing::UnitTest::GetInstance()->current_test_info();
  return absl::StrCat("PIPERPC_TEST_FAULT='", absl::StrReplaceAll(step.Text(), {{"'", "'\\''"}}),
                      "' ", PIPERPC_TEST_PROGRAM, " --gtest_filter='", test.test_suite_name(), ".",
                      test.name(), "'");
}

// Which steps are run.
class FaultChoice {
 public:
  // Nothing: all.
  explicit FaultChoice(std::optional<FaultStep> only) : only_(std::move(only)) {}

  // What the environment asks for.
  static FaultChoice& OfProgram() {
    static FaultChoice choice(FromEnvironment());
    return choice;
  }

  bool all() const { return !only_.has_value(); }
  bool was_run() const { return was_run_; }
  const std::optional<FaultStep>& only() const { return only_; }

  // Calls `run` with the numbers from 1 on, until it returns false, because there are not so many
  // steps, or the test has failed. If one step is asked for: with that, where it is of this fault.
  // Returns how often it was called.
  std::size_t ForEachStep(std::string_view fault, absl::FunctionRef<bool(std::size_t)> run) {
    if (!all()) return only_->fault == fault ? RunOnly(run) : 0;
    FaultStep step{std::string(fault)};
    bool is_there = true;
    while (is_there && !::testing::Test::HasFailure()) {
      ++step.number;
      is_there = RunStep(step, run);
    }
    return step.number;
  }

 private:
  static std::optional<FaultStep> FromEnvironment() {
    const char* const asked = std::getenv("PIPERPC_TEST_FAULT");
    if (asked == nullptr) return std::nullopt;
    std::optional<FaultStep> step = FaultStep::Parse(asked);
    if (step.has_value()) return step;
    std::cerr << "PIPERPC_TEST_FAULT=\"" << asked << "\" is not \"NAME, number N\"" << std::endl;
    std::exit(64);
  }

  static bool RunStep(const FaultStep& step, absl::FunctionRef<bool(std::size_t)> run) {
    SCOPED_TRACE("replay: " + ReplayCommand(step));
    return run(step.number);
  }

  std::size_t RunOnly(absl::FunctionRef<bool(std::size_t)> run) {
    was_run_ = true;
    const bool is_there = RunStep(*only_, run);
    std::cout << only_->Text() << ": "
              << (is_there ? "was met" : "was not met, there are not so many") << std::endl;
    return 1;
  }

  std::optional<FaultStep> only_;
  bool was_run_ = false;
};

inline std::size_t ForEachStep(std::string_view fault, absl::FunctionRef<bool(std::size_t)> run) {
  return FaultChoice::OfProgram().ForEachStep(fault, run);
}

// At the end of the program: the step that was asked for was run.
class FaultWasRun final : public ::testing::Environment {
 public:
  void TearDown() override {
    const FaultChoice& choice = FaultChoice::OfProgram();
    EXPECT_TRUE(choice.all() || choice.was_run())
        << "no test that ran has the fault \"" << choice.only()->fault << "\"";
  }
};

inline ::testing::Environment* const kFaultWasRun =
    ::testing::AddGlobalTestEnvironment(new FaultWasRun);

}  // namespace piperpc::testing
