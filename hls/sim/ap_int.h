// Integers of a declared width, for simulation with any C++17 compiler: the part of AMD's ap_int
// that the kernels use, up to 64 bits.
//
// A word converts implicitly to a wider native integer, so expressions are exact. No kernel is
// meant to wrap, so a word is a native integer and costs no more than one: nothing is cut off when
// it is assigned. With -DNIBBLESTREAM_CHECKED a value that does not fit its word is an error.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace sim {

template <int W>
constexpr bool fits_signed(std::int64_t value) {
  return value >> (W - 1) == 0 || value >> (W - 1) == -1;
}

template <int W>
constexpr std::uint64_t masked(std::uint64_t bits) {
  return bits & (~std::uint64_t{0} >> (64 - W));
}

inline void require(bool fits, const char* type, int width) {
#ifdef NIBBLESTREAM_CHECKED
  if (!fits)
    throw std::range_error("a value does not fit " + std::to_string(width) + " bits, " + type);
#else
  static_cast<void>(fits), static_cast<void>(type), static_cast<void>(width);
#endif
}

}  // namespace sim

template <int W>
class ap_int {
  static_assert(W >= 1 && W <= 64, "a word has 1 to 64 bits");

 public:
  using native = std::int64_t;

  ap_int() = default;

  template <typename I, typename = std::enable_if_t<std::is_integral_v<I>>>
  ap_int(I value) : value_(static_cast<storage>(value)) {
    sim::require(sim::fits_signed<W>(static_cast<native>(value)), "signed", W);
  }

  template <typename Word, typename = typename Word::native, typename = void>
  ap_int(const Word& word) : ap_int(static_cast<typename Word::native>(word)) {}

  operator native() const { return value_; }
  int to_int() const { return static_cast<int>(value_); }

  template <typename By>
  friend ap_int operator<<(const ap_int& word, const By& by) {
    const int places = static_cast<int>(by);
    if (places >= W) return ap_int(0);
    const native shifted = static_cast<native>(static_cast<std::uint64_t>(word.value_) << places);
    sim::require(shifted >> places == word.value_, "shifted, signed", W);
    return ap_int(shifted);
  }
  template <typename By>
  friend ap_int operator>>(const ap_int& word, const By& by) {
    const int places = static_cast<int>(by);
    return ap_int(word.value_ >> (places < W ? places : W - 1));
  }

 private:
  using storage = std::conditional_t<W <= 32, std::int32_t, std::int64_t>;
  storage value_;
};

template <int W>
class ap_uint {
  static_assert(W >= 1 && W <= 64, "a word has 1 to 64 bits");

 public:
  // Words of up to 12 bits are counts: products of two or three of them fit an int.
  using native =
      std::conditional_t<W <= 12, int, std::conditional_t<W == 64, std::uint64_t, std::int64_t>>;

  ap_uint() = default;

  template <typename I, typename = std::enable_if_t<std::is_integral_v<I>>>
  ap_uint(I value) : value_(static_cast<storage>(value)) {
    const std::uint64_t bits = static_cast<std::uint64_t>(value);
    sim::require(bits == sim::masked<W>(bits), "unsigned", W);
  }

  template <typename Word, typename = typename Word::native, typename = void>
  ap_uint(const Word& word) : ap_uint(static_cast<typename Word::native>(word)) {}

  operator native() const { return static_cast<native>(value_); }
  int to_int() const { return static_cast<int>(value_); }

  // Bits shifted out at the top are dropped without an error, as beats are unpacked this way.
  template <typename By>
  friend ap_uint operator<<(const ap_uint& word, const By& by) {
    const int places = static_cast<int>(by);
    return ap_uint(places < W ? sim::masked<W>(std::uint64_t{word.value_} << places) : 0);
  }
  template <typename By>
  friend ap_uint operator>>(const ap_uint& word, const By& by) {
    const int places = static_cast<int>(by);
    return ap_uint(places < W ? word.value_ >> places : 0);
  }

 private:
  using storage = std::conditional_t<W <= 32, std::uint32_t, std::uint64_t>;
  storage value_;
};
