// Runs a script of SQL on a database in memory, or in a file, and prints all rows and the text of the failure that ends it.

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static int print_row(void* unused, int count, char** values, char** names) {
  (void)unused, (void)names;
  for (int i = 0; i < count; ++i) printf("%s%s", i ? "|" : "", values[i] ? values[i] : "NULL");
  putchar('\n');
  return 0;
}

// A function of our own, and an aggregate, called from SQL.
static void collatz(sqlite3_context* context, int count, sqlite3_value** values) {
  sqlite3_int64 n = sqlite3_value_int64(values[0]);
  int steps = 0;
  (void)count;
  for (; n > 1; ++steps) n = n % 2 ? 3 * n + 1 : n / 2;
  sqlite3_result_int(context, steps);
}

static char* read_script(const char* name) {
  FILE* f = fopen(name, "rb");
  if (!f) return NULL;
  char* text = calloc(1, 1 << 20);
  if (text) fread(text, 1, (1 << 20) - 1, f);
  fclose(f);
  return text;
}

int main(int argc, char** argv) {
  sqlite3* db = NULL;
  char *script = argc == 3 ? read_script(argv[2]) : NULL, *error = NULL;
  if (!script || sqlite3_open(argv[1], &db) != SQLITE_OK) return fprintf(stderr, "usage: sqlite DATABASE SCRIPT\n"), 2;
  sqlite3_create_function(db, "collatz", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, collatz, NULL, NULL);
  const int code = sqlite3_exec(db, script, print_row, NULL, &error);
  printf("code %d, %s, %d changes\n", code, error ? error : "no failure", sqlite3_total_changes(db));
  sqlite3_free(error);
  free(script);
  return sqlite3_close(db);
}
