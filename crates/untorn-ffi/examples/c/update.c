/* Applies a patch, looks whether every byte is right, and writes two files as one step.
 *
 *     cc update.c -I../../include -luntorn_ffi -o update && ./update GAME PATCH
 */
#include <stdio.h>
#include <string.h>
#include "untorn.h"

/* Says what went wrong, and frees it. */
static int check(const char *what, int32_t status, untorn_text *answer) {
    if (status != UNTORN_OK)
        fprintf(stderr, "%s: %d %.*s\n", what, (int)status, (int)answer->len, answer->data);
    untorn_free(answer);
    return status == UNTORN_OK;
}

static int write_file(untorn_tree tree, const char *path, const char *text, untorn_text *answer) {
    return untorn_replace(tree, path, strlen(path), (const uint8_t *)text, strlen(text), answer);
}

static void progress(void *user, uint32_t phase, uint64_t done, uint64_t total) {
    (void)phase, (void)done, (void)total;
    ++*(unsigned *)user;
}

/* Two files, both or none. */
static int change(const char *game) {
    untorn_tree tree = 0;
    untorn_text answer = {0};
    if (!check("open", untorn_open(game, strlen(game), NULL, &tree, &answer), &answer))
        return 0;
    int done = check("begin", untorn_begin(tree, NULL, &answer), &answer) &&
               check("replace", write_file(tree, "saves/one.sav", "level 3", &answer), &answer) &&
               check("replace", write_file(tree, "saves/index", "one.sav", &answer), &answer) &&
               check("commit", untorn_commit(tree, &answer), &answer);
    return check("close", untorn_close(tree, &answer), &answer) && done;
}

/* A patch of the studio. Where patches are signed, name the root instead of UNTORN_UNSIGNED. */
static int update(const char *game, const char *patch) {
    unsigned calls = 0;
    untorn_text answer = {0};
    untorn_options options = {0};
    options.struct_size = sizeof options;
    options.flags = UNTORN_UNSIGNED;
    options.progress = progress;
    options.user = &calls;
    if (!check("apply", untorn_apply(game, strlen(game), patch, strlen(patch), &options, &answer), &answer))
        return 0;
    printf("progress: %s\n", calls > 0 ? "told" : "never told");
    return check("verify", untorn_verify(game, strlen(game), NULL, &answer), &answer);
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    if (!update(argv[1], argv[2]) || !change(argv[1]))
        return 1;
    /* While the game runs, nothing changes below it. */
    untorn_guard guard = 0;
    untorn_text answer = {0};
    if (!check("hold", untorn_hold(argv[1], strlen(argv[1]), NULL, &guard, &answer), &answer))
        return 1;
    printf("untorn %s: updated\n", untorn_version());
    return !check("release", untorn_release(guard, &answer), &answer);
}
