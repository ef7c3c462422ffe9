#pragma once

// A plain interpreter of the operator table: all of Wasm 2.0 but SIMD. It shares the reader and the validator with the
// compiler, and nothing else, so it can be its oracle.
//
//   interpreter::store store;
//   auto made = interpreter::instantiator(store, module).run(resolve);
//   auto failed = interpreter::machine().invoke(*made.made->find<interpreter::function>("fib"), arguments, results);
//
// A machine makes one call at a time; a function of the host that calls back in makes a machine of its own.

#include "instantiate.hpp"
