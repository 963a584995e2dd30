#pragma once

#include <boost/test/unit_test.hpp>

#include "campaigns/carrier_errors.hpp"
#include "campaigns/dial_queue.hpp"
#include "campaigns/outcome.hpp"
#include "campaigns/register.hpp"

// What the suites compare and Boost.Test is not to print, said once: the suites are compiled
// together.
BOOST_TEST_DONT_PRINT_LOG_VALUE(campaigns::CampaignStatus)
BOOST_TEST_DONT_PRINT_LOG_VALUE(campaigns::ErrorClass)
BOOST_TEST_DONT_PRINT_LOG_VALUE(campaigns::Outcome)
BOOST_TEST_DONT_PRINT_LOG_VALUE(campaigns::Place)
BOOST_TEST_DONT_PRINT_LOG_VALUE(campaigns::Stage)
