// The one definition of Boost.Test's entry; every test executable links it.
#define BOOST_TEST_MODULE campanile
#include <boost/test/unit_test.hpp>
