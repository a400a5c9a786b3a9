// Processes that run one after another, each to its end: without threads, and without bounds for
// the streams between them. A process that reads an empty stream would wait for ever, an error.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace sim {

constexpr bool BOUNDED = false;

class Schedule {
 public:
  explicit Schedule(std::vector<Process> processes) : processes_(std::move(processes)) {}

  // Run all processes. Throws the first error of a process, or a Deadlock.
  void run() const {
    for (const Process& process : processes_) run(process);
  }

 private:
  static void run(const Process& process) try { process.body(); } catch (const Deadlock& found) {
    throw Deadlock("deadlock: " + process.name + " " + found.what());
  }

  std::vector<Process> processes_;
};

[[noreturn]] inline void wait(const char* stream, const char* state) {
  throw Deadlock(std::string("waits for ") + stream + ", which is " + state);
}

inline void moved() {}

}  // namespace sim
