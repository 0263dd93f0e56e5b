// A loop over a stream that does not look at its messages. With g++ 12 it does not compile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "in.piperpc.h"
#include "piperpc/async.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"

namespace piperpc::testing {
namespace {

using mocks::v1::Note;
using mocks::v1::NotesClient;
using mocks::v1::NotesService;

// Takes all notes in, and then answers with one.
class Sink final : public NotesService {
  Stream<Note> CoChat(ServerContext&, CoReader<Note> reader) override {
    while (co_await reader.CoNext()) continue;
    co_yield Note();
  }
};

Task<void> ReadAll(ClientReaderWriter<Note, Note>& chat) {
  while (co_await chat.CoNext()) continue;
}

TEST(BareLoop, ReadsAllOnBothSides) {
  Sink service;
  InProcess<NotesClient> notes(service);
  auto chat = notes->Chat();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(chat.Write(Note()));
  chat.WritesDone();
  SyncWait(ReadAll(chat));
  EXPECT_THAT(chat.status(), IsOk());
}

}  // namespace
}  // namespace piperpc::testing
