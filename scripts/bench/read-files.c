/*
 * What the monitor asks the kernel for in one cycle, without anything else: the yardstick of `npm run bench -- monitor`.
 * usage: read-files LIST FOLDER CYCLES KEPT
 * LIST has one file per line: `k PATH` is kept open and read at 0, `o PATH` is opened, read and closed,
 * `s PATH` is asked for its inode, `f PATH` for the size of its file system. FOLDER is listed in each cycle.
 * At most KEPT files are kept open; those beyond it are opened each time, as the monitor does at its limit.
 * Prints the CPU time of each cycle in milliseconds, one per line.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

struct entry {
  char kind;
  char *path;
  int fd;
};

static char buffer[65536];

static double cpu_ms(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec * 1e3 + usage.ru_utime.tv_usec / 1e3 + usage.ru_stime.tv_sec * 1e3 +
         usage.ru_stime.tv_usec / 1e3;
}

static void fail(const char *path) {
  perror(path);
  exit(1);
}

static long take(struct entry *entry) {
  struct stat status;
  struct statfs size;
  long bytes = 0;
  int fd;
  switch (entry->kind) {
  case 'k':
    bytes = pread(entry->fd, buffer, sizeof buffer, 0);
    break;
  case 'o':
    fd = open(entry->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) fail(entry->path);
    bytes = pread(fd, buffer, sizeof buffer, 0);
    close(fd);
    break;
  case 's':
    bytes = stat(entry->path, &status);
    break;
  default:
    bytes = statfs(entry->path, &size);
  }
  if (bytes < 0) fail(entry->path);
  return bytes;
}

static void list(const char *folder) {
  DIR *directory = opendir(folder);
  if (directory == NULL) fail(folder);
  while (readdir(directory) != NULL) continue;
  closedir(directory);
}

int main(int count, char **words) {
  size_t entries = 0, room = 0;
  long kept = 0;
  struct entry *all = NULL;
  char line[4096];
  FILE *file;
  if (count != 5) {
    fprintf(stderr, "usage: read-files LIST FOLDER CYCLES KEPT\n");
    return 2;
  }
  file = fopen(words[1], "r");
  if (file == NULL) fail(words[1]);
  while (fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "\n")] = 0;
    if (entries == room) all = realloc(all, (room = room * 2 + 64) * sizeof *all);
    all[entries].kind = line[0];
    if (line[0] == 'k' && kept++ >= atol(words[4])) all[entries].kind = 'o';
    all[entries].path = strdup(line + 2);
    all[entries].fd = all[entries].kind == 'k' ? open(line + 2, O_RDONLY | O_CLOEXEC) : -1;
    if (all[entries].kind == 'k' && all[entries].fd < 0) fail(line + 2);
    entries++;
  }
  for (int cycle = 0; cycle < atoi(words[3]); cycle++) {
    double start = cpu_ms();
    list(words[2]);
    for (size_t index = 0; index < entries; index++) take(&all[index]);
    printf("%.4f\n", cpu_ms() - start);
  }
  return 0;
}
