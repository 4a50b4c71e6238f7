/* Follows a web host: `over_http stop URL ROOT DIR` asks to stop while the host says nothing, `over_http update URL ROOT DIR` updates to the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "untorn.h"

/* Until then it has come, on any machine, to what the host does not say. */
#define PATIENCE 3.0

typedef struct {
    double began;
    double patience; /* seconds until stopping is asked for; negative: never */
    unsigned fetching;
    uint64_t done, total;
    int falls;
} watch;

static void progress(void *user, uint32_t phase, uint64_t done, uint64_t total) {
    watch *seen = user;
    if (phase != UNTORN_PHASE_FETCH)
        return;
    if (total == seen->total && done < seen->done)
        seen->falls++;
    seen->fetching++;
    seen->done = done;
    seen->total = total;
}

static int32_t should_stop(void *user) {
    watch *seen = user;
    return seen->patience >= 0 && now() - seen->began > seen->patience;
}

static size_t read_file(const char *path, uint8_t *bytes, size_t room) {
    FILE *file = fopen(path, "rb");
    if (!file)
        exit(3);
    size_t len = fread(bytes, 1, room, file);
    fclose(file);
    return len;
}

int main(int argc, char **argv) {
    static uint8_t root[1 << 16];
    if (argc != 5)
        return 2;
    int stops = strcmp(argv[1], "stop") == 0;
    untorn_view source = {argv[2], strlen(argv[2])};
    watch seen = {now(), stops ? PATIENCE : -1, 0, 0, 0, 0};
    untorn_options options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.progress = progress;
    options.should_stop = should_stop;
    options.user = &seen;
    options.root = root;
    options.root_len = read_file(argv[3], root, sizeof root);
    options.sources = &source;
    options.sources_len = 1;
    untorn_text answer = {NULL, 0};
    int32_t status = untorn_update(argv[4], strlen(argv[4]), &options, &answer);
    double took = now() - seen.began;
    printf("%d after %.1f s, fetching %u, %llu of %llu: %.*s\n", (int)status, took, seen.fetching, (unsigned long long)seen.done,
           (unsigned long long)seen.total, (int)answer.len, answer.data ? answer.data : "");
    untorn_free(&answer);
    if (stops)
        return !(status == UNTORN_STOPPED && took < PATIENCE + 5);
    return !(status == UNTORN_OK && seen.fetching > 0 && seen.done == seen.total && seen.falls == 0);
}
