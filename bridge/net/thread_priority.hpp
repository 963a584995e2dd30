#pragma once

// How the threads of one program share the cores. Nobody needs a right for it; what the system does
// not know or refuses is done without. A sandbox must let sched_setattr through, or refuse it with
// an error.
namespace bridge::net {

// The calling thread computes for milliseconds at a time, and nobody hears when it ends a little
// later: beside one that did not ask, it gets a tenth of a core; all of it where nobody else wants
// it.
void give_way();

// The calling thread works for microseconds at a time, and somebody hears when it is late: it is
// let in when it wakes, and not when another's time is up, which is up to 4 ms later. Linux knows
// this since 6.12; before that, nothing changes.
void be_prompt();

}  // namespace bridge::net
