// A service with handlers of each kind, for tests of what tests are written with.
#pragma once

#include <atomic>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "in.piperpc.h"
#include "piperpc/async.h"

namespace piperpc::testing {

using mocks::v1::Note;
using mocks::v1::NotesClient;
using mocks::v1::NotesService;

inline Note NoteOf(std::string text) {
  Note note;
  note.set_text(std::move(text));
  return note;
}

// An error with a detail.
inline absl::Status NoNote(const std::string& hint) {
  absl::Status status = absl::NotFoundError("no such note");
  status.SetPayload("type.googleapis.com/mocks.v1.Note",
                    absl::Cord(NoteOf(hint).SerializeAsString()));
  return status;
}

class Notes final : public NotesService {
 public:
  std::atomic<int> waiting = 0;  // Calls that wait.
  std::atomic<int> stopped = 0;  // Those that were stopped.

 private:
  // "" has no note; "wait" waits until it is stopped; "nap" for an hour.
  Task<absl::StatusOr<Note>> CoGet(ServerContext& context, Note request) override {
    context.AddTrailer("asked", request.text());
    if (request.text().empty()) co_return NoNote("try another one");
    if (request.text() == "wait") {
      AsyncEvent never;
      ++waiting;
      auto stop = never.Wait(context.stop_token());
      co_await stop;
      ++stopped;
      co_return absl::CancelledError("stopped");
    }
    if (request.text() == "nap") {
      ++waiting;
      auto nap = Sleep(std::chrono::hours(1), context.stop_token());
      co_await nap;
    }
    co_return NoteOf("re: " + request.text());
  }

  // The same note for ever.
  Stream<Note> CoWatch(ServerContext&, Note request) override {
    while (true) co_yield request;
  }

  // All texts joined, on a worker.
  absl::StatusOr<Note> Upload(ServerContext& context, Reader<Note>& reader) override {
    std::string all;
    while (std::optional<Note> note = reader.Next()) all += note->text();
    if (context.stop_token().stop_requested()) ++stopped;
    return NoteOf(all);
  }

  // Each note by itself, on a worker.
  absl::Status Chat(ServerContext&, Reader<Note>& reader, Writer<Note>& writer) override {
    while (std::optional<Note> note = reader.Next()) {
      if (!writer.Write(NoteOf("re: " + note->text()))) break;
    }
    return absl::OkStatus();
  }
};

}  // namespace piperpc::testing
