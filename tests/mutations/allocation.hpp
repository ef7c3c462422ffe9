#pragma once

// What the program has allocated with operator new: allocation.cpp replaces it and counts.

#include <cstddef>

namespace mutations {

// Bytes that are allocated now, and the most that there were since the last begin_peak().
std::size_t allocated();
std::size_t peak_allocated();
void begin_peak();

}  // namespace mutations
