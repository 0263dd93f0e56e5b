// The service: passes on what is written to a board.
#pragma once

#include <cstddef>

#include "board.h"
#include "phrases/v1/phrases.piperpc.h"
#include "piperpc/server.h"

namespace phrases {

class Phrases final : public v1::PhrasesService {
 public:
  explicit Phrases(const Board& board) : board_(board) {}  // `board` must outlive this.

 private:
  // A plain function, with a thread of its own for each reader.
  absl::Status Read(piperpc::ServerContext& context, const v1::ReadRequest& request,
                    piperpc::Writer<v1::ReadResponse>& writer) override;

  const Board& board_;
};

// For a server with so many readers at once. A further one is refused with RESOURCE_EXHAUSTED.
piperpc::ServerOptions OptionsFor(std::size_t max_readers);

}  // namespace phrases
