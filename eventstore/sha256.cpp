#include "eventstore/sha256.hpp"

#include <mbedtls/sha256.h>

#include <algorithm>
#include <cassert>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace eventstore {

namespace {

using State = std::array<std::uint32_t, 8>;

void compress_by_mbedtls(State& state, const std::uint8_t* block) {
  mbedtls_sha256_context context;
  mbedtls_sha256_init(&context);
  std::copy(state.begin(), state.end(), context.state);
  [[maybe_unused]] const int failed = mbedtls_internal_sha256_process(&context, block);
  assert(failed == 0);
  std::copy(context.state, context.state + state.size(), state.begin());
}

#if defined(__x86_64__)

bool processor_has_sha() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return false;
  const bool shuffles = (c & bit_SSSE3) != 0 && (c & bit_SSE4_1) != 0;
  return shuffles && __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & bit_SHA) != 0;
}

// The round constants of FIPS 180-4, section 4.2.2.
alignas(16) constexpr std::array<std::uint32_t, 64> round_constants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// The instructions keep the state as (a, b, e, f) and (c, d, g, h) and do two rounds each.
__attribute__((target("sha,sse4.1,ssse3"))) void compress_by_instructions(State& state,
                                                                          const std::uint8_t* block,
                                                                          std::size_t count) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  const auto* constants = reinterpret_cast<const __m128i*>(round_constants.data());
  auto* words = reinterpret_cast<__m128i*>(state.data());
  const __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128(words), 0xB1);
  const __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(words + 1), 0x1B);
  __m128i abef = _mm_alignr_epi8(cdab, efgh, 8);
  __m128i cdgh = _mm_blend_epi16(efgh, cdab, 0xF0);
  for (; count > 0; --count, block += 64) {
    const __m128i abef_before = abef;
    const __m128i cdgh_before = cdgh;
    __m128i schedule[16];
    for (int i = 0; i < 16; ++i) {
      if (i < 4) {
        schedule[i] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(block) + i),
                                       big_endian);
      } else {
        const __m128i seven_back = _mm_alignr_epi8(schedule[i - 1], schedule[i - 2], 4);
        const __m128i older = _mm_sha256msg1_epu32(schedule[i - 4], schedule[i - 3]);
        schedule[i] = _mm_sha256msg2_epu32(_mm_add_epi32(older, seven_back), schedule[i - 1]);
      }
      const __m128i four_rounds = _mm_add_epi32(schedule[i], _mm_load_si128(constants + i));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, four_rounds);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(four_rounds, 0x0E));
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1B);
  const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xB1);
  _mm_storeu_si128(words, _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128(words + 1, _mm_alignr_epi8(dchg, feba, 8));
}

#else

bool processor_has_sha() {
  return false;
}
void compress_by_instructions(State&, const std::uint8_t*, std::size_t) {
  assert(false);
}

#endif

void put_big_endian(std::uint64_t value, std::size_t width, std::uint8_t* to) {
  for (std::size_t i = 0; i < width; ++i) {
    to[i] = static_cast<std::uint8_t>(value >> (8 * (width - 1 - i)));
  }
}

}  // namespace

Sha256::Sha256(By by)
    : state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
             0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19} {
  static const bool has_sha = processor_has_sha();
  by_mbedtls_ = by == By::mbedtls || !has_sha;
}

void Sha256::compress(const std::uint8_t* blocks, std::size_t count) {
  if (!by_mbedtls_) {
    compress_by_instructions(state_, blocks, count);
    return;
  }
  for (; count > 0; --count, blocks += block_bytes) compress_by_mbedtls(state_, blocks);
}

void Sha256::add(const void* data, std::size_t size) {
  const auto* at = static_cast<const std::uint8_t*>(data);
  size_ += size;
  while (size > 0) {
    // Whole blocks need no copy.
    if (gathered_bytes_ == 0 && size >= block_bytes) {
      compress(at, size / block_bytes);
      at += size / block_bytes * block_bytes;
      size %= block_bytes;
      continue;
    }
    const std::size_t piece = std::min(size, gathered_.size() - gathered_bytes_);
    std::memcpy(gathered_.data() + gathered_bytes_, at, piece);
    gathered_bytes_ += piece;
    at += piece;
    size -= piece;
    if (gathered_bytes_ == gathered_.size()) {
      compress(gathered_.data(), gathered_.size() / block_bytes);
      gathered_bytes_ = 0;
    }
  }
}

Hash Sha256::finish() {
  // A one bit, zeros, and the length in bits fill the last block.
  std::array<std::uint8_t, 2 * block_bytes> padding{0x80};
  const std::uint64_t bits = 8 * size_;
  const std::size_t padded =
      (gathered_bytes_ < 56 ? block_bytes : 2 * block_bytes) - gathered_bytes_;
  put_big_endian(bits, 8, padding.data() + padded - 8);
  add(padding.data(), padded);
  Hash hash;
  for (std::size_t i = 0; i < state_.size(); ++i) put_big_endian(state_[i], 4, &hash[4 * i]);
  return hash;
}

}  // namespace eventstore
