// Concurrent processes, like kernels in hardware, connected by bounded streams.
//
// Each process is a thread, but only the one that has the turn runs; it passes the turn on when it
// has to wait for a stream. So a simulation is deterministic and its streams need no locks. When
// every process waits and no word has moved since, that is a deadlock, an error that names the
// streams.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sim {

constexpr bool BOUNDED = true;

class Schedule {
 public:
  explicit Schedule(std::vector<Process> processes)
      : processes_(std::move(processes)),
        waits_for_(processes_.size()),
        done_(processes_.size(), false),
        wake_(processes_.size()) {}

  // Run all processes until they end. Throws the first error of a process, or a Deadlock.
  void run() {
    std::vector<std::thread> threads;
    try {
      for (std::size_t i = 0; i < processes_.size(); ++i)
        threads.emplace_back([this, i] { run_process(i); });
    } catch (...) {  // out of threads: end those that wait for their turn
      const std::lock_guard<std::mutex> lock(mutex_);
      error_ = std::current_exception();
      pass_turn();
    }
    for (std::thread& thread : threads) thread.join();
    if (error_) std::rethrow_exception(error_);
  }

  // Called by the process that has the turn when it has to wait for a stream.
  void wait(const char* stream, const char* state) {
    std::unique_lock<std::mutex> lock(mutex_);
    waits_for_[turn_] = std::string(stream) + ", which is " + state;
    if (++idle_ > alive()) fail(std::make_exception_ptr(Deadlock(waiting())));
    hand_on(lock, turn_);
  }

  void moved() { idle_ = 0; }

  static Schedule*& current() {
    static thread_local Schedule* schedule = nullptr;
    return schedule;
  }

 private:
  struct Stopped {};  // unwinds the other processes after an error

  void run_process(std::size_t me) {
    current() = this;
    try {
      std::unique_lock<std::mutex> lock(mutex_);
      await_turn(lock, me);
      lock.unlock();
      processes_[me].body();
    } catch (const Stopped&) {
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!error_) error_ = std::current_exception();
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    done_[me] = true;
    idle_ = 0;
    if (turn_ == me || error_) pass_turn();
  }

  void hand_on(std::unique_lock<std::mutex>& lock, std::size_t me) {
    pass_turn();
    await_turn(lock, me);
  }

  void await_turn(std::unique_lock<std::mutex>& lock, std::size_t me) {
    wake_[me].wait(lock, [&] { return turn_ == me || error_; });
    if (error_) throw Stopped{};
  }

  void pass_turn() {
    for (std::size_t i = 1; i <= processes_.size(); ++i) {
      const std::size_t next = (turn_ + i) % processes_.size();
      if (done_[next]) continue;
      turn_ = next;
      break;
    }
    if (error_) {
      for (std::condition_variable& each : wake_) each.notify_one();
    } else {
      wake_[turn_].notify_one();
    }
  }

  void fail(std::exception_ptr error) {
    error_ = error;
    pass_turn();
    throw Stopped{};
  }

  std::size_t alive() const {
    return static_cast<std::size_t>(std::count(done_.begin(), done_.end(), false));
  }

  std::string waiting() const {
    std::string text = "deadlock";
    const char* mark = ": ";
    for (std::size_t i = 0; i < processes_.size(); ++i) {
      if (done_[i]) continue;
      text += mark + processes_[i].name + " waits for " + waits_for_[i];
      mark = "; ";
    }
    return text;
  }

  std::vector<Process> processes_;
  std::vector<std::string> waits_for_;  // each process, when it last had to
  std::vector<bool> done_;
  std::vector<std::condition_variable> wake_;
  std::mutex mutex_;
  std::size_t turn_ = 0;
  std::size_t idle_ = 0;  // processes that had to wait since the last word moved
  std::exception_ptr error_ = nullptr;
};

inline void wait(const char* stream, const char* state) {
  if (!Schedule::current())
    throw Deadlock(std::string("deadlock: waiting for ") + stream + ", which is " + state);
  Schedule::current()->wait(stream, state);
}

inline void moved() {
  if (Schedule::current()) Schedule::current()->moved();
}

}  // namespace sim
