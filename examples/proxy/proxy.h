// Passes every call on to another server, without knowing what it is about.
#pragma once

#include <memory>
#include <string>

#include "piperpc/catch_all_service.h"
#include "piperpc/channel.h"

// For Server::AddCatchAll(). `to` is the other server's endpoint. The connection of each client
// gets a channel of its own to it, with `options`: a login on it stays with its client.
std::unique_ptr<piperpc::CatchAllService> NewProxy(std::string to, piperpc::ChannelOptions options);
