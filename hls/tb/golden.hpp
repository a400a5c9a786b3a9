// Common code of the test benches: read golden vectors, feed a kernel, compare exactly.
//
// The file format is defined in host/nibblestream/golden/block.py. For each block a bench reads
// arguments and input streams, calls the kernel, and compares output streams and registers. The
// first difference ends the run; blocks and beats count from 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels.hpp"

namespace golden {

using Word = std::uint64_t;

constexpr Word MAGIC = 0x444C4F474C42494E;  // "NIBLGOLD", little-endian
constexpr Word VERSION = 2;
constexpr Word ALL_BYTES = 0xFF;  // TKEEP of a whole beat
const char* const HINT = "make it by: python -m nibblestream.golden FOLDER";

inline std::string hex(Word value) {
  std::ostringstream text;
  text << "0x" << std::hex << value;
  return text.str();
}

inline std::vector<Word> read_words(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + ": cannot be read; " + HINT);
  std::vector<Word> words;
  char bytes[8];
  while (file.read(bytes, sizeof bytes)) {
    Word word = 0;
    for (int i = 7; i >= 0; --i) word = word << 8 | static_cast<unsigned char>(bytes[i]);
    words.push_back(word);
  }
  return words;
}

// The vectors of one kernel, read in order.
class Vectors {
 public:
  Vectors(Word kernel, const std::string& path) : path_(path), words_(read_words(path)) {
    require(!words_.empty() && next() == MAGIC, "holds no golden vectors");
    const Word version = next();
    require(version == VERSION, "has version " + std::to_string(version) + ", this bench reads " +
                                    std::to_string(VERSION));
    require(next() == kernel, "holds the vectors of another kernel");
    blocks_ = next();
  }

  // Move to the next block; false if there is none.
  bool advance() {
    if (started_ == blocks_) require(at_ == words_.size(), "has words after its last block");
    return started_++ < blocks_;
  }

  Word argument() { return next(); }

  // Fill a stream with beats from the file; the last one has TLAST.
  void feed(axis_stream& stream) {
    for (Word left = length(); left > 0; --left) {
      axis_t beat;
      beat.data = next();
      beat.keep = ALL_BYTES;
      beat.strb = ALL_BYTES;
      beat.last = left == 1;
      stream.write(beat);
    }
  }

  void expect_taken(const char* name, axis_stream& stream) const {
    if (!stream.empty()) differ(name, ": the kernel left beats in it");
  }

  // Compare a stream with beats from the file; only the last one may, and must, have TLAST.
  void expect_stream(const char* name, axis_stream& stream) {
    const Word count = length();
    for (Word i = 0; i < count; ++i) {
      if (stream.empty()) {
        differ(name, ": found " + std::to_string(i) + " beats expected " + std::to_string(count));
      }
      const std::string beat = ", beat " + std::to_string(i);
      const axis_t found = stream.read();
      expect_equal(name, beat, static_cast<Word>(found.data), next());
      expect_equal(name, beat + ", TKEEP", static_cast<Word>(found.keep), ALL_BYTES);
      expect_equal(name, beat + ", TLAST", static_cast<Word>(found.last), i + 1 == count ? 1 : 0);
      ++beats_;
    }
    if (!stream.empty()) {
      differ(name, ": found more beats than the expected " + std::to_string(count));
    }
  }

  void expect_register(const char* name, ap_uint<32> found) {
    expect_equal(name, "", static_cast<Word>(found), next());
  }

  std::string summary() const {
    return std::to_string(blocks_) + " blocks, " + std::to_string(beats_) +
           " beats, all as expected";
  }

 private:
  void require(bool right, const std::string& what) const {
    if (!right) throw std::runtime_error(path_ + ": " + what + "; " + HINT);
  }

  Word next() {
    require(at_ < words_.size(), "is truncated");
    return words_[at_++];
  }

  Word length() {
    const Word count = next();
    require(count <= words_.size() - at_, "is truncated");
    return count;
  }

  void expect_equal(const char* name, const std::string& where, Word found, Word expected) const {
    if (found == expected) return;
    differ(name, where + ": found " + hex(found) + " expected " + hex(expected));
  }

  [[noreturn]] void differ(const char* name, const std::string& what) const {
    throw std::runtime_error("block " + std::to_string(started_ - 1) + ", " + name + what);
  }

  std::string path_;
  std::vector<Word> words_;
  std::size_t at_ = 0;
  Word blocks_ = 0;
  Word started_ = 0;
  Word beats_ = 0;
};

// Run a bench on the file that the command line names, by default `<name>.bin`.
inline int run(const std::string& name, Word kernel, int argc, char** argv,
               void (*block)(Vectors&)) {
  try {
    Vectors vectors(kernel, argc > 1 ? argv[1] : name + ".bin");
    while (vectors.advance()) block(vectors);
    std::cout << name << ": " << vectors.summary() << std::endl;
    return 0;
  } catch (const std::exception& error) {
    std::cout << name << ": " << error.what() << std::endl;
    return 1;
  }
}

}  // namespace golden
