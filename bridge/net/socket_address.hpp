#pragma once

#include <sys/socket.h>

#include <cstdint>

#include "bridge/net/stream.hpp"

// Endpoints in the form of the system's socket interface. Only for the sources of this folder.
namespace bridge::net {

// 0, or a negative errno for what is no literal address.
int to_sockaddr(const Endpoint& endpoint, sockaddr_storage& address);

// 0 for a family that has no ports.
std::uint16_t port_of(const sockaddr_storage& address);

}  // namespace bridge::net
