#pragma once

#include <boost/test/unit_test.hpp>

#include "bridge/media/switchboard.hpp"
#include "bridge/voice/voice.hpp"

// What the suites compare and Boost.Test is not to print, said once: the suites are compiled
// together.
BOOST_TEST_DONT_PRINT_LOG_VALUE(bridge::media::Why)
BOOST_TEST_DONT_PRINT_LOG_VALUE(bridge::voice::Fault)
