#pragma once

// Everything that a program needs to run modules which somebody else compiles: no assembler, no policy.
#include "runtime/linker.hpp"
