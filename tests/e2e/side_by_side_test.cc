// Coroutines side by side, in handlers of a server and in its callers. docs/coroutines.md shows
// parts of this.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "piperpc/async.h"
#include "piperpc/task_scope.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"
#include "piperpc/when_all.h"
#include "piperpc/when_any.h"
#include "support/eventually.h"
#include "testing/notes.h"

namespace piperpc::testing {
namespace {

using absl::StatusCode;
using mocks::v1::Note;
using mocks::v1::NotesClient;
using mocks::v1::NotesService;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::Property;

// --- Handlers. ---

// Repeats what the client has written last, until it has written all.
class Repeater : public NotesService {
 protected:
  struct Latest {
    Note note;
    bool more = true;
  };

  static Task<void> Read(CoReader<Note> reader, Latest& latest) {
    while (std::optional<Note> note = co_await reader.CoNext()) latest.note = *std::move(note);
    latest.more = false;
  }

  Stream<Note> CoChat(ServerContext& context, CoReader<Note> reader) override {
    Latest latest;
    TaskScope scope(context.stop_token());
    scope.Spawn(Read(reader, latest));
    while (latest.more) {
      co_yield latest.note;
      co_await Sleep(milliseconds(1), context.stop_token());
    }
  }
};

// The same, but ends with NOT_FOUND, or throws, when the client has written "error" or "throw".
class CheckingRepeater final : public Repeater {
  static Task<absl::Status> Check(CoReader<Note> reader, Latest& latest) {
    while (std::optional<Note> note = co_await reader.CoNext()) {
      if (note->text() == "error") co_return absl::NotFoundError("no such note");
      if (note->text() == "throw") throw std::runtime_error("no such note");
      latest.note = *std::move(note);
    }
    latest.more = false;
    co_return absl::OkStatus();
  }

  Stream<Note> CoChat(ServerContext& context, CoReader<Note> reader) override {
    Latest latest;
    TaskScope scope(context.stop_token());
    scope.Spawn(Check(reader, latest));
    while (latest.more && !scope.stop_token().stop_requested()) {
      co_yield latest.note;
      co_await Sleep(milliseconds(1), scope.stop_token());
    }
    absl::Status status = co_await scope.Join();
    if (!status.ok()) co_yield status;
  }
};

// Yields for ever, beside a task that waits and holds something.
class Holder final : public NotesService {
 public:
  std::shared_ptr<int> held = std::make_shared<int>();

 private:
  static Task<void> Hold(std::shared_ptr<int>) {
    AsyncEvent never;
    co_await never.Wait();
  }

  Stream<Note> CoWatch(ServerContext&, Note request) override {
    TaskScope scope;
    scope.Spawn(Hold(held));
    while (true) co_yield request;
  }
};

// The note's text backwards, from a thread that may block.
class Reverser final : public NotesService {
  Task<absl::StatusOr<Note>> CoGet(ServerContext& context, Note request) override {
    auto work = RunBlocking(
        context.workers(),
        [text = request.text()]() -> absl::StatusOr<Note> {
          return NoteOf(std::string(text.rbegin(), text.rend()));
        },
        context.stop_token());
    absl::StatusOr<Note> reply = co_await work;
    co_return reply;
  }
};

// Reads until a reply has this text. False: none has.
bool Hears(ClientReaderWriter<Note, Note>& chat, const std::string& text) {
  while (std::optional<Note> note = chat.Next()) {
    if (note->text() == text) return true;
  }
  return false;
}

TEST(SideBySide, AHandlerReadsWhileItWrites) {
  Repeater service;
  InProcess<NotesClient> notes(service);
  auto chat = notes->Chat();
  for (const std::string text : {"a", "b", "c"}) {
    ASSERT_TRUE(chat.Write(NoteOf(text)));
    EXPECT_TRUE(Hears(chat, text));
  }
  chat.WritesDone();
  while (chat.Next().has_value()) continue;
  EXPECT_THAT(chat.status(), IsOk());
}

TEST(SideBySide, AHandlerEndsWithTheErrorOfItsTask) {
  CheckingRepeater service;
  InProcess<NotesClient> notes(service);
  for (const auto& [text, code] :
       {std::pair("error", StatusCode::kNotFound), std::pair("throw", StatusCode::kInternal)}) {
    auto chat = notes->Chat();
    ASSERT_TRUE(chat.Write(NoteOf("a")));
    EXPECT_TRUE(Hears(chat, "a"));
    ASSERT_TRUE(chat.Write(NoteOf(text)));
    while (chat.Next().has_value()) continue;
    EXPECT_THAT(chat.status(), StatusIs(code));
  }
}

TEST(SideBySide, ATaskGoesAwayWithTheHandlerThatIsDestroyedInAYield) {
  Holder service;
  InProcess<NotesClient> notes(service);
  auto watch = notes->Watch(NoteOf(std::string(10'000, 'x')));
  ASSERT_TRUE(watch.Next().has_value());
  EXPECT_GT(service.held.use_count(), 1);
  watch.Cancel();
  EXPECT_TRUE(Eventually([&] { return service.held.use_count() == 1; }));
}

TEST(SideBySide, AHandlerRunsBlockingCode) {
  Reverser service;
  InProcess<NotesClient> notes(service);
  EXPECT_THAT(notes->Get(NoteOf("abc")), IsOkAndHolds(Property(&Note::text, "cba")));
}

// --- Callers. ---

using Chat = ClientReaderWriter<Note, Note>;

Task<void> Say(Chat& chat, std::vector<std::string> texts) {
  for (const std::string& text : texts) {
    auto write = chat.CoWrite(NoteOf(text));
    const bool written = co_await write;
    if (!written) break;  // The call has ended: chat.status() says why.
  }
  chat.WritesDone();
}

Task<std::vector<std::string>> Hear(Chat& chat) {
  std::vector<std::string> texts;
  while (std::optional<Note> note = co_await chat.CoNext()) texts.push_back(note->text());
  co_return texts;
}

Task<std::vector<std::string>> Converse(NotesClient& notes) {
  Chat chat = notes.Chat();
  auto both = WhenAll(Say(chat, {"a", "b"}), Hear(chat));
  auto [nothing, heard] = co_await both;
  co_return heard;
}

TEST(SideBySide, ACallerReadsWhileItWrites) {
  Notes service;
  InProcess<NotesClient> notes(service);
  EXPECT_THAT(SyncWait(Converse(*notes)), ElementsAre("re: a", "re: b"));
}

// Two calls at once.
Task<std::string> GetBoth(NotesClient& notes) {
  auto both = WhenAll(notes.CoGet(NoteOf("a")), notes.CoGet(NoteOf("b")));
  auto [a, b] = co_await both;
  if (!a.ok() || !b.ok()) co_return "nothing";
  co_return a->text() + ", " + b->text();
}

TEST(SideBySide, ACallerMakesTwoCallsAtOnce) {
  Notes service;
  InProcess<NotesClient> notes(service);
  EXPECT_EQ(SyncWait(GetBoth(*notes)), "re: a, re: b");
}

// The reply, or nothing when `enough` is set before it is there: then the call is cancelled.
Task<std::optional<Note>> GetUnless(NotesClient& notes, Note request, AsyncEvent& enough,
                                    std::stop_token stop) {
  const auto get = [&](std::stop_token either) { return notes.CoGet(request, {.stop = either}); };
  const auto wait = [&](std::stop_token either) -> Task<bool> {
    const bool set = co_await enough.Wait(either);
    co_return set;
  };
  auto first = WhenAny(stop, get, wait);
  auto result = co_await first;
  if (result.index() == 0 && std::get<0>(result).ok()) co_return *std::get<0>(result);
  co_return std::nullopt;
}

TEST(SideBySide, WhatEndsFirstCancelsTheOthersCall) {
  Notes service;
  InProcess<NotesClient> notes(service);
  AsyncEvent enough;
  EXPECT_TRUE(SyncWait(GetUnless(*notes, NoteOf("a"), enough, {})).has_value());
  auto reply = std::async(std::launch::async,
                          [&] { return SyncWait(GetUnless(*notes, NoteOf("wait"), enough, {})); });
  EXPECT_TRUE(Eventually([&] { return service.waiting == 1; }));
  enough.Set();
  ASSERT_TRUE(Arrives(reply));
  EXPECT_FALSE(reply.get().has_value());
  EXPECT_TRUE(Eventually([&] { return service.stopped == 1; }));
}

TEST(SideBySide, AStopFromOutsideCancelsTheCall) {
  Notes service;
  InProcess<NotesClient> notes(service);
  AsyncEvent enough;
  std::stop_source stop;
  auto reply = std::async(std::launch::async, [&] {
    return SyncWait(GetUnless(*notes, NoteOf("wait"), enough, stop.get_token()));
  });
  EXPECT_TRUE(Eventually([&] { return service.waiting == 1; }));
  stop.request_stop();
  ASSERT_TRUE(Arrives(reply));
  EXPECT_FALSE(reply.get().has_value());
}

// --- Several channels, and so several loops. ---

// Without an executor each child goes on on the loop of its channel: two may end at once.
TEST(SideBySide, CallsOnTwoChannelsEndOnTheirLoopsAtTheSameTime) {
  Notes service;
  InProcessServer server(service);
  NotesClient one(server.channel());
  NotesClient two(server.NewChannel());
  const auto rounds = [&]() -> Task<int> {
    int failed = 0;
    for (int i = 0; i < 300; ++i) {
      auto [a, b] = co_await WhenAll(one.CoGet(NoteOf("a")), two.CoGet(NoteOf("b")));
      if (!a.ok() || !b.ok()) ++failed;
    }
    co_return failed;
  };
  EXPECT_EQ(SyncWait(rounds()), 0);
}

}  // namespace
}  // namespace piperpc::testing
