// Runs a script of Lua. Without setjmp no error can be caught, so scripts must not raise one, and there are no coroutines.

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>

int main(int argc, char** argv) {
  static const luaL_Reg libraries[] = {{LUA_GNAME, luaopen_base}, {LUA_TABLIBNAME, luaopen_table}, {LUA_STRLIBNAME, luaopen_string}, {LUA_MATHLIBNAME, luaopen_math}, {LUA_UTF8LIBNAME, luaopen_utf8}};
  lua_State* state = luaL_newstate();
  if (argc < 2 || !state) return 2;
  for (size_t i = 0; i < sizeof libraries / sizeof *libraries; ++i) {
    luaL_requiref(state, libraries[i].name, libraries[i].func, 1);
    lua_pop(state, 1);
  }
  if (luaL_loadfile(state, argv[1]) != LUA_OK) return fprintf(stderr, "%s\n", lua_tostring(state, -1)), 1;
  lua_call(state, 0, 0);
  lua_close(state);
  return 0;
}
