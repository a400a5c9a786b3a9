// hls::stream for simulation: a bounded FIFO with a name.
//
// A process that reads an empty stream or writes a full one waits for the others (process.hpp).
// If no process is left that could fill or empty it, that is a deadlock, which raises an error.
#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "process.hpp"

namespace hls {

template <typename T>
class stream {
 public:
  // Outside a schedule one function fills a stream before the next one empties it, so the bound is
  // far above the number of beats that any stream of these kernels carries in one call.
  static constexpr std::size_t UNSCHEDULED_DEPTH = std::size_t{1} << 21;

  explicit stream(const char* name = "unnamed", std::size_t depth = UNSCHEDULED_DEPTH)
      : name_(name), depth_(depth) {}
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;

  T read() {
    while (empty()) sim::wait(name_, "empty");
    const T word = words_.front();
    words_.pop_front();
    sim::moved();
    return word;
  }

  void write(const T& word) {
    while (size() >= depth_) sim::wait(name_, "full");
    words_.push_back(word);
    sim::moved();
  }

  bool empty() const { return words_.empty(); }
  std::size_t size() const { return words_.size(); }

 private:
  std::string name_;
  std::size_t depth_;
  std::deque<T> words_;
};

}  // namespace hls
