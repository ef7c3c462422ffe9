// words [-n COUNT] PATH...: counts the words of files and of all files below folders, and prints the most frequent.
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct word {
  struct word* next;
  unsigned hash, count;
  char text[];
} word;

static word** buckets;
static size_t bucket_count, word_count;
static unsigned long long total_words, total_bytes, total_files;

static unsigned hash_of(const char* s) {
  unsigned h = 2166136261u;
  for (; *s; ++s) h = (h ^ (unsigned char)*s) * 16777619u;
  return h;
}

static void grow(void) {
  const size_t count = bucket_count ? bucket_count * 2 : 64;
  word** fresh = calloc(count, sizeof *fresh);
  if (!fresh) exit(3);
  for (size_t i = 0; i < bucket_count; ++i)
    for (word *w = buckets[i], *next; w; w = next) {
      next = w->next;
      w->next = fresh[w->hash % count];
      fresh[w->hash % count] = w;
    }
  free(buckets);
  buckets = fresh;
  bucket_count = count;
}

static void count(const char* text) {
  const unsigned h = hash_of(text);
  ++total_words;
  if (bucket_count)
    for (word* w = buckets[h % bucket_count]; w; w = w->next)
      if (w->hash == h && strcmp(w->text, text) == 0) {
        ++w->count;
        return;
      }
  if (word_count >= bucket_count) grow();
  word* w = malloc(sizeof *w + strlen(text) + 1);
  if (!w) exit(3);
  w->hash = h;
  w->count = 1;
  strcpy(w->text, text);
  w->next = buckets[h % bucket_count];
  buckets[h % bucket_count] = w;
  ++word_count;
}

static int read_words(const char* path) {
  FILE* f = fopen(path, "r");
  if (!f) {
    fprintf(stderr, "words: %s: %s\n", path, strerror(errno));
    return 1;
  }
  char text[64];
  size_t length = 0;
  for (int c; (c = fgetc(f)) != EOF;) {
    ++total_bytes;
    if (isalpha(c) && length + 1 < sizeof text) {
      text[length++] = (char)tolower(c);
    } else if (length > 0) {
      text[length] = 0;
      count(text);
      length = 0;
    }
  }
  if (length > 0) {
    text[length] = 0;
    count(text);
  }
  fclose(f);
  ++total_files;
  return 0;
}

static int compare_names(const void* a, const void* b) { return strcmp(*(char* const*)a, *(char* const*)b); }

static int walk(const char* path) {
  struct stat s;
  if (stat(path, &s) != 0 || !S_ISDIR(s.st_mode)) return read_words(path);
  DIR* d = opendir(path);
  if (!d) {
    fprintf(stderr, "words: %s: %s\n", path, strerror(errno));
    return 1;
  }
  char** names = NULL;
  size_t size = 0, room = 0;
  for (struct dirent* e; (e = readdir(d));) {
    if (e->d_name[0] == '.') continue;
    if (size == room) {
      room = room ? room * 2 : 8;
      names = realloc(names, room * sizeof *names);
      if (!names) exit(3);
    }
    names[size] = malloc(strlen(path) + strlen(e->d_name) + 2);
    if (!names[size]) exit(3);
    sprintf(names[size++], "%s/%s", path, e->d_name);
  }
  closedir(d);
  if (size > 0) qsort(names, size, sizeof *names, compare_names);
  int failed = 0;
  for (size_t i = 0; i < size; ++i) {
    failed |= walk(names[i]);
    free(names[i]);
  }
  free(names);
  return failed;
}

static int more_frequent(const void* a, const void* b) {
  const word *x = *(word* const*)a, *y = *(word* const*)b;
  if (x->count != y->count) return x->count < y->count ? 1 : -1;
  return strcmp(x->text, y->text);
}

int main(int argc, char** argv) {
  int shown = 10, failed = 0, first = 1;
  if (argc > 2 && strcmp(argv[1], "-n") == 0) {
    shown = atoi(argv[2]);
    first = 3;
  }
  if (first >= argc) {
    fprintf(stderr, "usage: words [-n COUNT] PATH...\n");
    return 2;
  }
  for (int i = first; i < argc; ++i) failed |= walk(argv[i]);
  word** sorted = malloc((word_count + 1) * sizeof *sorted);
  if (!sorted) return 3;
  size_t n = 0;
  for (size_t i = 0; i < bucket_count; ++i)
    for (word* w = buckets[i]; w; w = w->next) sorted[n++] = w;
  qsort(sorted, n, sizeof *sorted, more_frequent);
  printf("%llu files, %llu bytes, %llu words, %zu different\n", total_files, total_bytes, total_words, word_count);
  for (size_t i = 0; i < n && i < (size_t)shown; ++i)
    printf("%7u  %5.2f%%  %s\n", sorted[i]->count, 100.0 * sorted[i]->count / (double)total_words, sorted[i]->text);
  return failed;
}
