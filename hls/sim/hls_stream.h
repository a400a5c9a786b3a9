// hls::stream for simulation: a FIFO with a name, bounded where processes are concurrent.
//
// A process that reads an empty stream or writes a full one waits for the others (process.hpp).
// If no process is left that could fill or empty it, that is a deadlock, which raises an error.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

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
    const T word = words_[next_++];
    if (empty()) {
      words_.clear();
      next_ = 0;
    }
    sim::moved();
    return word;
  }

  void write(const T& word) {
    while (sim::BOUNDED && size() >= depth_) sim::wait(name_, "full");
    words_.push_back(word);
    sim::moved();
  }

  bool empty() const { return next_ == words_.size(); }
  std::size_t size() const { return words_.size() - next_; }

 private:
  const char* name_;
  std::size_t depth_;
  std::vector<T> words_;
  std::size_t next_ = 0;  // the oldest word's place
};

}  // namespace hls
