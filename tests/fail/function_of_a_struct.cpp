#include <lightbeam/runtime.hpp>
// expect: no WebAssembly type corresponds to one of these parameters
struct point {
  int x, y;
};
auto find(lightbeam::instance& i) { return i.get<void(point)>("f"); }
