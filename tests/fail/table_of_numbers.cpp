#include <lightbeam/runtime.hpp>
// expect: tables hold func<> or externref
auto read(const lightbeam::table& t) { return t.at<int>(0); }
