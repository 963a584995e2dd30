#pragma once

#include <functional>

#include "eventstore/event_page.hpp"

namespace eventstore {

// Adds the next events to an empty page; none, and they are at their end. May throw.
using PageSource = std::function<void(EventPage& page)>;

// Visits every event of `source` in order, while a thread of its own calls `source` a few pages
// ahead: reading and proving a long log and folding it take about the same time, and this way the
// longer of the two is all that a start waits for. What `source` has added before it throws is
// visited before its exception comes out here. An exception of `visit` ends the reading.
//
// Holds at most `read_ahead_pages_max` pages. The views of an event hold until `visit` returns.
// When this returns or throws, the thread has ended.
void read_ahead(const PageSource& source, const std::function<void(RecordedEvent&)>& visit);

// What can be done with a page without the others. What it leaves on the page before it throws is
// visited before its exception comes out.
using PageCheck = std::function<void(EventPage& page)>;

// The same with a check of each page before it is visited, by the thread that has time for it: the
// reader, or the visitor where that would wait for it. Several pages may be checked at once.
void read_ahead(const PageSource& source, const PageCheck& check,
                const std::function<void(RecordedEvent&)>& visit);

inline constexpr std::size_t read_ahead_pages_max = 4;

}  // namespace eventstore
