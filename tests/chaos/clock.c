/* Preloaded into the parts of a chaos run: adds to the time of day what stands in a file (seconds, eight bytes).
 *
 * CLOCKS is a folder with a file per kind of part; a process takes the file whose name stands in its command line.
 * What measures time (the monotonic clock) goes on as it does when a machine's clock is set.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset;
static int (*real)(clockid_t, struct timespec *);

static void map(const char *folder, const char *name) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    void *found = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (found != MAP_FAILED) offset = found;
}

__attribute__((constructor)) static void begin(void) {
    real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    const char *folder = getenv("CLOCKS");
    int file = folder ? open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    char words[4096] = {0};
    ssize_t size = read(file, words, sizeof words - 1);
    close(file);
    for (ssize_t i = 0; i < size; i++) if (!words[i]) words[i] = ' ';
    DIR *names = opendir(folder);
    if (!names) return;
    for (struct dirent *each; !offset && (each = readdir(names));)
        if (each->d_name[0] != '.' && strstr(words, each->d_name)) map(folder, each->d_name);
    closedir(names);
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    /* Some ask before anything has begun. */
    int failed = real ? real(clock, at) : (int)syscall(SYS_clock_gettime, clock, at);
    if (!failed && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) at->tv_sec += *offset;
    return failed;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    (void)zone;
    struct timespec now;
    int failed = clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return failed;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
