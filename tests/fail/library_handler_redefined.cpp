#include <lightbeam/lightbeam.hpp>
// expect: redefinition of | conflicting declaration
template <>
inline constexpr auto lightbeam::lower<"i32.add"> = [](auto&) {};
