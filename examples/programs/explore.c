// explore FOLDER: makes, writes, lists, renames, links and removes files there; tries to leave it; ends with 42.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char buffer[512];
static const char* at(const char* folder, const char* name) {
  snprintf(buffer, sizeof buffer, "%s/%s", folder, name);
  return strdup(buffer);
}
static void say(const char* what, int result) { printf("%s: %s\n", what, result >= 0 ? "ok" : errno == ENOENT ? "not there" : "refused"); }

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const char *folder = argv[1], *made = at(folder, "made"), *file = at(folder, "made/file"), *moved = at(folder, "moved"), *link = at(folder, "link");
  say("mkdir", mkdir(made, 0777));
  const int fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0666);
  say("open", fd);
  say("write", (int)write(fd, "0123456789", 10));
  say("seek", (int)lseek(fd, -4, SEEK_END));
  char text[16] = {0};
  say("read", (int)read(fd, text, 3));
  printf("read \"%s\"\n", text);
  struct stat s;
  say("stat", fstat(fd, &s));
  printf("%lld bytes, a file: %d\n", (long long)s.st_size, S_ISREG(s.st_mode) != 0);
  say("truncate", ftruncate(fd, 4));
  say("close", close(fd));
  say("rename", rename(file, moved));
  say("symlink", symlink("moved", link));
  memset(text, 0, sizeof text);
  say("readlink", (int)readlink(link, text, sizeof text - 1));
  printf("link to \"%s\"\n", text);
  DIR* d = opendir(folder);
  int entries = 0;
  for (struct dirent* e; d && (e = readdir(d));) entries += e->d_name[0] != '.';
  if (d) closedir(d);
  printf("%d entries\n", entries);
  say("stat of the link", stat(link, &s));
  printf("%lld bytes\n", (long long)s.st_size);
  say("rmdir", rmdir(made));
  say("unlink", unlink(link));
  say("unlink", unlink(moved));
  say("unlink again", unlink(moved));
  say("open above", open(at(folder, "../../../../../../etc/passwd"), O_RDONLY));
  say("open /etc/passwd", open("/etc/passwd", O_RDONLY));
  const struct timespec wait = {0, 5000000};
  struct timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  nanosleep(&wait, NULL);
  clock_gettime(CLOCK_MONOTONIC, &after);
  printf("slept: %s\n", (after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec - before.tv_nsec >= 5000000 ? "yes" : "no");
  printf("HOME=%s\n", getenv("HOME") ? getenv("HOME") : "");
  fflush(stdout);
  exit(42);
}
