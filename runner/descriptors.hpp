#pragma once

#include <cstddef>

// Sockets and files are numbers of which the system gives a process only so many: what strangers
// may open leaves some for orders to the carrier, the log and the control interface.
namespace runner {

struct DescriptorShares {
  std::size_t connections_max = 0;  // of the public door
  std::size_t streams_max = 0;      // media streams, of two sockets each
  std::size_t loops = 1;            // the program's own and those of media streams; as it is wanted
};

// Asks the system for as many as it may give. Before anything is opened.
void raise_descriptor_limit();

// How many this process may have open.
std::size_t descriptor_limit();

// How many it takes, the reserve included.
std::size_t descriptors_for(const DescriptorShares& shares);

// As much of what is wanted as fits into a limit; at least one stream and a few connections.
DescriptorShares fitting(const DescriptorShares& wanted, std::size_t limit);

}  // namespace runner
