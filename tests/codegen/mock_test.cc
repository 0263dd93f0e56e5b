// Generated mocks and interfaces of clients, and the streams that mocks return.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "in.piperpc.interface.h"
#include "in.piperpc.mock.h"
#include "piperpc/async.h"
#include "piperpc/testing/fake_stream.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"
#include "support/eventually.h"

namespace piperpc::testing {
namespace {

using absl::StatusCode;
using mocks::v1::MockNotesClient;
using mocks::v1::Note;
using mocks::v1::NotesClient;
using mocks::v1::NotesClientAdapter;
using mocks::v1::NotesClientInterface;
using mocks::v1::NotesService;
using ::testing::_;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::Property;
using ::testing::Return;

using Notes = FakeStream<Note, Note>;

Note NoteOf(std::string text) {
  Note note;
  note.set_text(std::move(text));
  return note;
}

auto HasText(std::string text) { return Property(&Note::text, std::move(text)); }

// --- The code that is tested with a mock. ---

absl::StatusOr<Note> Get(NotesClientInterface& notes, const std::string& text) {
  return notes.Get(NoteOf(text));
}

std::vector<std::string> WatchAll(NotesClientInterface& notes, absl::Status& end) {
  std::vector<std::string> texts;
  auto reader = notes.Watch(NoteOf("all"));
  while (std::optional<Note> note = reader.Next()) texts.push_back(note->text());
  end = reader.status();
  return texts;
}

TEST(Mock, AnswersTheBlockingForm) {
  MockNotesClient notes;
  EXPECT_CALL(notes, Get(HasText("a"), _)).WillOnce(Return(NoteOf("b")));
  EXPECT_CALL(notes, Get(HasText("c"), _)).WillOnce(Return(absl::NotFoundError("no c")));
  EXPECT_THAT(Get(notes, "a"), IsOkAndHolds(HasText("b")));
  EXPECT_THAT(Get(notes, "c"), StatusIs(StatusCode::kNotFound));
}

TEST(Mock, AnswersTheCoroutineFormAsTheBlockingOne) {
  MockNotesClient notes;
  const std::chrono::milliseconds timeout(7);
  EXPECT_CALL(notes, Get(HasText("a"), _)).WillOnce(Return(NoteOf("b")));
  EXPECT_THAT(SyncWait(notes.CoGet(NoteOf("a"))), IsOkAndHolds(HasText("b")));
  EXPECT_CALL(notes, Get(_, Field(&CallOptions::timeout, timeout))).WillOnce(Return(NoteOf("c")));
  CallOptions options;
  options.timeout = timeout;
  auto call = notes.CoGet(NoteOf("a"), std::move(options));
  EXPECT_THAT(SyncWait<absl::StatusOr<Note>>(std::move(call)), IsOkAndHolds(HasText("c")));
}

TEST(Mock, AnswersTheFormWithCallbacksAsTheBlockingOne) {
  MockNotesClient notes;
  EXPECT_CALL(notes, Get(HasText("a"), _)).WillOnce(Return(NoteOf("b")));
  std::optional<absl::StatusOr<Note>> told;
  notes.GetAsync(NoteOf("a"), {}, [&](absl::StatusOr<Note> reply) { told = std::move(reply); })
      .Cancel();
  ASSERT_TRUE(told.has_value());
  EXPECT_THAT(*told, IsOkAndHolds(HasText("b")));
}

TEST(Mock, MayKeepACallbackForLater) {
  MockNotesClient notes;
  absl::AnyInvocable<void(absl::StatusOr<Note>)> kept;
  EXPECT_CALL(notes, GetAsync).WillOnce([&](const Note&, const CallOptions&, auto on_done) {
    kept = std::move(on_done);
    return PendingCall(std::make_shared<internal::EndedCall>());
  });
  EXPECT_CALL(notes, Get).Times(0);
  std::optional<absl::StatusOr<Note>> told;
  notes.GetAsync(NoteOf("a"), {}, [&](absl::StatusOr<Note> reply) { told = std::move(reply); });
  EXPECT_FALSE(told.has_value());
  kept(absl::AbortedError("late"));
  EXPECT_THAT(*told, StatusIs(StatusCode::kAborted));
}

TEST(Mock, AnswersWithAStream) {
  Notes stream;
  stream.Reply(NoteOf("a"));
  stream.Reply(NoteOf("b"));
  stream.End(absl::DataLossError("that was all"));
  MockNotesClient notes;
  EXPECT_CALL(notes, Watch).WillOnce(Return(stream.reader()));
  absl::Status end;
  EXPECT_THAT(WatchAll(notes, end), ElementsAre("a", "b"));
  EXPECT_THAT(end, StatusIs(StatusCode::kDataLoss));
  EXPECT_FALSE(stream.cancelled());
}

TEST(Mock, AStreamRepliesWhileItIsRead) {
  Notes stream;
  MockNotesClient notes;
  EXPECT_CALL(notes, Watch).WillOnce(Return(stream.reader()));
  absl::Status end;
  auto texts = std::async(std::launch::async, [&] { return WatchAll(notes, end); });
  stream.Reply(NoteOf("a"));
  stream.End();
  EXPECT_THAT(texts.get(), ElementsAre("a"));
  EXPECT_THAT(end, IsOk());
}

TEST(Mock, AStreamNoticesThatItIsLetGo) {
  Notes stream;
  stream.Reply(NoteOf("a"));
  {
    auto reader = stream.reader();
    EXPECT_TRUE(reader.Next().has_value());
  }
  EXPECT_TRUE(stream.cancelled());
}

TEST(Mock, AStreamThatGoesAwayIsAServerThatDoes) {
  std::optional<ClientReader<Note>> reader;
  {
    Notes stream;
    stream.Reply(NoteOf("a"));
    reader = stream.reader();
  }
  EXPECT_TRUE(reader->Next().has_value());
  EXPECT_FALSE(reader->Next().has_value());
  EXPECT_THAT(reader->status(), StatusIs(StatusCode::kUnavailable));
}

TEST(Mock, AServerStreamIsListenedToWithCallbacks) {
  Notes stream;
  MockNotesClient notes;
  EXPECT_CALL(notes, Watch(HasText("all"), _)).WillOnce(Return(stream.reader()));
  std::vector<std::string> texts;
  std::optional<absl::Status> end;
  notes.WatchAsync(
      NoteOf("all"), {}, [&](const Note& note) { texts.push_back(note.text()); },
      [&](absl::Status status) { end = std::move(status); });
  stream.Reply(NoteOf("a"));
  EXPECT_THAT(texts, ElementsAre("a"));
  EXPECT_FALSE(end.has_value());
  stream.Reply(NoteOf("b"));
  stream.End(absl::AbortedError("done"));
  EXPECT_THAT(texts, ElementsAre("a", "b"));
  EXPECT_THAT(*end, StatusIs(StatusCode::kAborted));
}

TEST(Mock, TellsWhatAClientHasWritten) {
  Notes stream;
  stream.Respond(NoteOf("thanks"));
  MockNotesClient notes;
  EXPECT_CALL(notes, Upload).WillOnce(Return(stream.writer()));
  auto upload = notes.Upload({});
  EXPECT_FALSE(upload.Write(NoteOf("too late"))) << "the server has responded";
  EXPECT_THAT(upload.Finish(), IsOkAndHolds(HasText("thanks")));
}

TEST(Mock, AClientStreamIsWrittenWithCallbacks) {
  Notes stream;
  MockNotesClient notes;
  EXPECT_CALL(notes, Upload).WillOnce(Return(stream.writer()));
  std::optional<absl::StatusOr<Note>> told;
  std::vector<absl::Status> written;
  const auto upload =
      notes.UploadAsync({}, [&](absl::StatusOr<Note> reply) { told = std::move(reply); });
  const auto note_written = [&](absl::Status status) { written.push_back(std::move(status)); };
  upload.Write(NoteOf("a"), note_written);
  upload.WritesDone();
  upload.Write(NoteOf("b"), note_written);
  EXPECT_THAT(written, ElementsAre(IsOk(), StatusIs(StatusCode::kFailedPrecondition)));
  EXPECT_THAT(stream.written(), ElementsAre(HasText("a")));
  EXPECT_TRUE(stream.writes_done());
  EXPECT_FALSE(told.has_value());
  stream.Respond(absl::AbortedError("no"));
  EXPECT_THAT(*told, StatusIs(StatusCode::kAborted));
}

TEST(Mock, AWriterThatIsLetGoCancels) {
  Notes stream;
  MockNotesClient notes;
  EXPECT_CALL(notes, Upload).WillOnce(Return(stream.writer()));
  std::optional<absl::StatusOr<Note>> told;
  static_cast<void>(
      notes.UploadAsync({}, [&](absl::StatusOr<Note> reply) { told = std::move(reply); }));
  EXPECT_TRUE(stream.cancelled());
  EXPECT_THAT(*told, StatusIs(StatusCode::kCancelled));
}

TEST(Mock, BothWaysAreUnderTheTestsControl) {
  Notes stream;
  MockNotesClient notes;
  EXPECT_CALL(notes, Chat).WillOnce(Return(stream.reader_writer()));
  auto chat = notes.Chat({});
  EXPECT_TRUE(chat.Write(NoteOf("a")));
  chat.WritesDone();
  EXPECT_THAT(stream.written(), ElementsAre(HasText("a")));
  stream.Respond(NoteOf("b"));
  EXPECT_EQ(chat.Next()->text(), "b");
  EXPECT_THAT(chat.status(), IsOk());
}

TEST(Mock, ABidirectionalCallHasCallbacks) {
  Notes stream;
  MockNotesClient notes;
  EXPECT_CALL(notes, Chat).WillOnce(Return(stream.reader_writer()));
  std::optional<absl::Status> end;
  const auto chat = notes.ChatAsync(
      {},
      [](const AsyncWriter<Note>& writer, const Note& note) {
        writer.Write(NoteOf("re: " + note.text()), nullptr);
      },
      [&](absl::Status status) { end = std::move(status); });
  stream.Reply(NoteOf("a"));
  chat.WritesDone();
  stream.End();
  EXPECT_THAT(stream.written(), ElementsAre(HasText("re: a")));
  EXPECT_THAT(*end, IsOk());
}

Task<absl::StatusOr<Note>> UploadInCoroutine(NotesClientInterface& notes) {
  auto upload = notes.Upload();
  auto write = upload.CoWrite(NoteOf("a"));
  co_await write;
  auto finish = upload.CoFinish();
  absl::StatusOr<Note> response = co_await finish;
  co_return response;
}

TEST(Mock, AStreamIsAwaited) {
  Notes stream;
  MockNotesClient notes;
  EXPECT_CALL(notes, Upload).WillOnce(Return(stream.writer()));
  auto response =
      std::async(std::launch::async, [&] { return SyncWait(UploadInCoroutine(notes)); });
  ASSERT_TRUE(Eventually([&] { return stream.writes_done(); }));
  EXPECT_THAT(stream.written(), ElementsAre(HasText("a")));
  stream.Reply(NoteOf("b"));  // It is read when the call has ended.
  stream.End();
  EXPECT_THAT(response.get(), IsOkAndHolds(HasText("b")));
}

// --- The interface in front of the real client. ---

class Echo final : public NotesService {
  absl::StatusOr<Note> Get(ServerContext&, const Note& request) override { return request; }
  absl::Status Watch(ServerContext&, const Note& request, Writer<Note>& writer) override {
    writer.Write(request);
    return absl::OkStatus();
  }
  absl::StatusOr<Note> Upload(ServerContext&, Reader<Note>& reader) override {
    Note last;
    while (std::optional<Note> note = reader.Next()) last = *note;
    return last;
  }
  absl::Status Chat(ServerContext&, Reader<Note>& reader, Writer<Note>& writer) override {
    while (std::optional<Note> note = reader.Next()) writer.Write(*note);
    return absl::OkStatus();
  }
};

TEST(Adapter, ForwardsEachMethodToTheClient) {
  Echo service;
  InProcess<NotesClient> server(service);
  NotesClientAdapter adapter(server.client());
  NotesClientInterface& notes = adapter;
  EXPECT_THAT(Get(notes, "a"), IsOkAndHolds(HasText("a")));
  EXPECT_THAT(SyncWait(notes.CoGet(NoteOf("b"))), IsOkAndHolds(HasText("b")));
  absl::Status end;
  EXPECT_THAT(WatchAll(notes, end), ElementsAre("all"));
  EXPECT_THAT(SyncWait(UploadInCoroutine(notes)), IsOkAndHolds(HasText("a")));
  auto chat = notes.Chat();
  chat.Write(NoteOf("c"));
  chat.WritesDone();
  EXPECT_EQ(chat.Next()->text(), "c");
  EXPECT_THAT(notes.Fetch(NoteOf("d")), StatusIs(StatusCode::kUnimplemented));
}

TEST(Adapter, ForwardsTheFormsWithCallbacks) {
  Echo service;
  InProcess<NotesClient> server(service);
  NotesClientAdapter notes(server.client());
  std::promise<absl::Status> ends[4];
  const auto end_of = [&ends](int i) {
    return [&ends, i](absl::Status status) { ends[i].set_value(std::move(status)); };
  };
  const auto reply_of = [&ends](int i) {
    return [&ends, i](absl::StatusOr<Note> note) { ends[i].set_value(std::move(note).status()); };
  };
  notes.GetAsync(NoteOf("a"), {}, reply_of(0));
  notes.WatchAsync(NoteOf("a"), {}, nullptr, end_of(1));
  notes.UploadAsync({}, reply_of(2)).WritesDone();
  notes.ChatAsync({}, nullptr, end_of(3)).WritesDone();
  for (auto& end : ends) EXPECT_THAT(end.get_future().get(), IsOk());
}

}  // namespace
}  // namespace piperpc::testing
