// Processes connected by streams: how the kernels and the DMA engines run in a simulation.
//
// With -DNIBBLESTREAM_CHECKED they are concurrent and their streams bounded, as in hardware, so a
// deadlock on a board is a deadlock there. Otherwise they run one after another, in the order in
// which data pass through them.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>

namespace sim {

class Deadlock : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Process {
  std::string name;
  std::function<void()> body;
};

}  // namespace sim

#ifdef NIBBLESTREAM_CHECKED
#include "concurrent.hpp"
#else
#include "consecutive.hpp"
#endif
