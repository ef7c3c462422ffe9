#include <lightbeam/runtime.hpp>
// expect: no WebAssembly type corresponds to this result
void bind(lightbeam::linker& l) {
  l.bind("env", "name", []() -> const char* { return ""; });
}
