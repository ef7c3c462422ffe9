#pragma once

// Everything that a program needs to compile and run modules.
#include "compile/engine.hpp"
#include "core/file.hpp"
#include "runtime.hpp"
