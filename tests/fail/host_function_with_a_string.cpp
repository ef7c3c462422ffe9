#include <lightbeam/runtime.hpp>
// expect: no WebAssembly type corresponds to a parameter of this host function
void bind(lightbeam::linker& l) {
  l.bind("env", "print", [](std::string) {});
}
