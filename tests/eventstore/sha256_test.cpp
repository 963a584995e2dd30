#include "eventstore/sha256.hpp"

#include <mbedtls/sha256.h>

#include <boost/test/unit_test.hpp>
#include <string>

#include "eventstore/chain.hpp"

BOOST_AUTO_TEST_SUITE(sha256)

namespace {

using eventstore::Hash;
using eventstore::Sha256;
using eventstore::to_hex;

Hash hash_of(const std::string& text, Sha256::By by, std::size_t piece) {
  Sha256 sha256(by);
  for (std::size_t at = 0; at < text.size(); at += piece) {
    sha256.add(text.data() + at, std::min(piece, text.size() - at));
  }
  return sha256.finish();
}

Hash hash_by_mbedtls_alone(const std::string& text) {
  Hash hash{};
  mbedtls_sha256_ret(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data(),
                     0);
  return hash;
}

}  // namespace

// FIPS 180-4, the examples of its authors.
BOOST_AUTO_TEST_CASE(the_published_examples_hold) {
  for (const Sha256::By by : {Sha256::By::fastest, Sha256::By::mbedtls}) {
    BOOST_TEST(to_hex(hash_of("", by, 1)) ==
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    BOOST_TEST(to_hex(hash_of("abc", by, 3)) ==
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    BOOST_TEST(to_hex(hash_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", by, 7)) ==
               "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  }
}

BOOST_AUTO_TEST_CASE(every_length_in_any_pieces_is_what_mbedtls_says) {
  std::string text;
  int wrong = 0;
  for (int i = 0; i < 2300; ++i) {
    const std::string expected = to_hex(hash_by_mbedtls_alone(text));
    const std::size_t piece = 1 + text.size() * 7 % 150;
    if (to_hex(hash_of(text, Sha256::By::fastest, piece)) != expected) ++wrong;
    if (to_hex(hash_of(text, Sha256::By::mbedtls, piece)) != expected) ++wrong;
    text += static_cast<char>(i * 31 + (i >> 3));
  }
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_SUITE_END()
