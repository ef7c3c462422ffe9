#pragma once

// What the program has allocated with operator new: allocation.cpp replaces it and counts. Of blocks that come from the system, the
// pages that were touched count, from when they are freed on; all of them, so what is said is at least what there was at once.

#include <cstddef>

namespace mutations {

// Bytes that are allocated now, and the most that there were since the last begin_peak().
std::size_t allocated();
std::size_t peak_allocated();
void begin_peak();

}  // namespace mutations
