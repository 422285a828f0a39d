// CRC-32C by tables, and by three interleaved chains of the SSE 4.2 instruction.
//
// The instruction has a latency of three cycles and a throughput of one: three independent chains
// over three neighbouring stretches keep it busy. Their results are joined by "appending zeros",
// i.e. multiplying by x^(8n) modulo the polynomial (M. Adler, crc32c.c, 2013; the arithmetic is
// that of zlib's crc32_combine).
#include "journal/crc32c.h"

#include <array>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace spine::journal {
namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78U;  // reflected

using Table = std::array<std::uint32_t, 256>;

constexpr std::array<Table, 8> make_tables() {
  std::array<Table, 8> tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ ((crc & 1U) != 0 ? kPolynomial : 0U);
    tables[0][i] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t i = 0; i < 256; ++i) {
      const std::uint32_t before = tables[k - 1][i];
      tables[k][i] = (before >> 8) ^ tables[0][before & 0xFFU];
    }
  }
  return tables;
}

constexpr std::array<Table, 8> kTables = make_tables();

// Works on the inverted register, as all functions called *_raw do.
std::uint32_t portable_raw(std::uint32_t crc, const std::byte* p, std::size_t n) {
  for (; n >= 8; p += 8, n -= 8) {
    const std::uint64_t word = load<std::uint64_t>(p) ^ crc;
    crc = 0;
    for (std::size_t k = 0; k < 8; ++k)
      crc ^= kTables[7 - k][(word >> (8 * k)) & 0xFFU];
  }
  for (; n > 0; ++p, --n) {
    crc = (crc >> 8) ^ kTables[0][(crc ^ std::to_integer<std::uint32_t>(*p)) & 0xFFU];
  }
  return crc;
}

#if defined(__x86_64__)

// a(x) * b(x) modulo the polynomial; bit 31 is x^0.
constexpr std::uint32_t multiply(std::uint32_t a, std::uint32_t b) {
  std::uint32_t product = 0;
  for (std::uint32_t mask = 1U << 31; mask != 0; mask >>= 1) {
    if ((a & mask) != 0) product ^= b;
    b = (b >> 1) ^ ((b & 1U) != 0 ? kPolynomial : 0U);
  }
  return product;
}

// x^(8 * bytes) modulo the polynomial.
constexpr std::uint32_t power_of_zeros(std::size_t bytes) {
  std::uint32_t result = 1U << 31;  // x^0
  std::uint32_t square = 1U << 23;  // x^8
  for (std::size_t n = bytes; n != 0; n >>= 1) {
    if ((n & 1U) != 0) result = multiply(square, result);
    square = multiply(square, square);
  }
  return result;
}

// For each byte of a register: what appending `bytes` zeros makes of it.
constexpr std::array<Table, 4> make_zeros(std::size_t bytes) {
  const std::uint32_t power = power_of_zeros(bytes);
  std::array<Table, 4> zeros{};
  for (std::size_t k = 0; k < 4; ++k) {
    for (std::uint32_t i = 0; i < 256; ++i)
      zeros[k][i] = multiply(power, i << (8 * k));
  }
  return zeros;
}

std::uint32_t append_zeros(const std::array<Table, 4>& zeros, std::uint32_t crc) {
  return zeros[0][crc & 0xFFU] ^ zeros[1][(crc >> 8) & 0xFFU] ^ zeros[2][(crc >> 16) & 0xFFU] ^
         zeros[3][crc >> 24];
}

// Long stretches amortise the joining, short ones leave little to the plain loop.
constexpr std::size_t kLongBytes = 4096;
constexpr std::size_t kShortBytes = 256;
constexpr std::array<Table, 4> kLongZeros = make_zeros(kLongBytes);
constexpr std::array<Table, 4> kShortZeros = make_zeros(kShortBytes);

template <std::size_t kBytes>
__attribute__((target("sse4.2"))) std::uint32_t three_stretches(std::uint32_t crc,
                                                                const std::byte* p,
                                                                const std::array<Table, 4>& zeros) {
  std::uint64_t first = crc;
  std::uint64_t second = 0;
  std::uint64_t third = 0;
  for (std::size_t i = 0; i < kBytes; i += 8) {
    first = _mm_crc32_u64(first, load<std::uint64_t>(p + i));
    second = _mm_crc32_u64(second, load<std::uint64_t>(p + kBytes + i));
    third = _mm_crc32_u64(third, load<std::uint64_t>(p + 2 * kBytes + i));
  }
  crc = append_zeros(zeros, static_cast<std::uint32_t>(first)) ^ static_cast<std::uint32_t>(second);
  return append_zeros(zeros, crc) ^ static_cast<std::uint32_t>(third);
}

__attribute__((target("sse4.2"))) std::uint32_t sse42_raw(std::uint32_t crc, const std::byte* p,
                                                          std::size_t n) {
  for (; n >= 3 * kLongBytes; p += 3 * kLongBytes, n -= 3 * kLongBytes) {
    crc = three_stretches<kLongBytes>(crc, p, kLongZeros);
  }
  for (; n >= 3 * kShortBytes; p += 3 * kShortBytes, n -= 3 * kShortBytes) {
    crc = three_stretches<kShortBytes>(crc, p, kShortZeros);
  }
  std::uint64_t wide = crc;
  for (; n >= 8; p += 8, n -= 8)
    wide = _mm_crc32_u64(wide, load<std::uint64_t>(p));
  crc = static_cast<std::uint32_t>(wide);
  for (; n > 0; ++p, --n)
    crc = _mm_crc32_u8(crc, std::to_integer<std::uint8_t>(*p));
  return crc;
}

bool has_instruction() {
  static const bool has = __builtin_cpu_supports("sse4.2") != 0;
  return has;
}

#endif

}  // namespace

std::uint32_t crc32c_extend(std::uint32_t crc, ByteSpan bytes) {
#if defined(__x86_64__)
  if (has_instruction()) return ~sse42_raw(~crc, bytes.data(), bytes.size());
#endif
  return detail::crc32c_extend_portable(crc, bytes);
}

namespace detail {

std::uint32_t crc32c_extend_portable(std::uint32_t crc, ByteSpan bytes) {
  return ~portable_raw(~crc, bytes.data(), bytes.size());
}

}  // namespace detail
}  // namespace spine::journal
