/* Every mistake that a caller can make and the library can see: refused with the right code, nothing happens, nothing crashes. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "untorn.h"

static int failures = 0;

/* The call returned `wanted`, and its answer has `code` in it. */
static void expect(int line, int32_t status, int32_t wanted, untorn_text *answer, const char *code) {
    char text[4096] = "";
    size_t len = answer->len < sizeof text - 1 ? answer->len : sizeof text - 1;
    if (answer->data)
        memcpy(text, answer->data, len);
    if (status != wanted || (code && !strstr(text, code))) {
        printf("line %d: %d instead of %d, %s\n", line, (int)status, (int)wanted, text);
        failures++;
    }
    untorn_free(answer);
    untorn_free(answer); /* does nothing */
}

#define REFUSED(call, code) expect(__LINE__, (call), UNTORN_MISUSE, &answer, "\"" code "\"")
#define WORKS(call) expect(__LINE__, (call), UNTORN_OK, &answer, NULL)
#define TEXT(text) text, strlen(text)
#define BYTES(text) (const uint8_t *)text, strlen(text)

static void *use(void *handle) {
    untorn_text answer = {0};
    int32_t status = untorn_begin(*(untorn_tree *)handle, NULL, &answer);
    int thread = answer.data && strstr(answer.data, "UNT-FFI-THREAD") != NULL;
    untorn_free(&answer);
    return (void *)(size_t)(thread ? 1000 : (int)status);
}

static size_t from_another_thread(untorn_tree *tree) {
    pthread_t thread;
    void *result = NULL;
    pthread_create(&thread, NULL, use, tree);
    pthread_join(thread, &result);
    return (size_t)result;
}

static int32_t seen_inside = 0;
static untorn_tree inside = 0;

static int32_t use_own_handle(void *user) {
    (void)user;
    seen_inside = untorn_remove(inside, TEXT("x"), NULL);
    return 0;
}

static int32_t stop(void *user) {
    (void)user;
    return 1;
}

static untorn_options zeros(void) {
    untorn_options options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    return options;
}

static void pointers(const char *dir) {
    untorn_tree tree = 0;
    untorn_text answer = {0};
    _Alignas(16) char room[512] = {0};
    REFUSED(untorn_open(NULL, 5, NULL, &tree, &answer), "UNT-FFI-NULL");
    REFUSED(untorn_open(TEXT(dir), NULL, NULL, &answer), "UNT-FFI-NULL");
    REFUSED(untorn_open(TEXT(dir), NULL, (untorn_tree *)(room + 1), &answer), "UNT-FFI-ALIGN");
    REFUSED(untorn_open(TEXT(dir), (untorn_options *)(room + 2), &tree, &answer), "UNT-FFI-ALIGN");
    REFUSED(untorn_open("\xff\xfe", 2, NULL, &tree, &answer), "UNT-FFI-UTF8");
    REFUSED(untorn_status("x", (size_t)-1, &answer), "UNT-FFI-LENGTH");
    expect(__LINE__, untorn_status(TEXT(dir), (untorn_text *)(room + 4 + 1)), UNTORN_MISUSE, &answer, NULL);
    expect(__LINE__, untorn_open("a\0b", 3, NULL, &tree, NULL), UNTORN_IO, &answer, NULL);
    untorn_free(NULL);
    untorn_free((untorn_text *)(room + 1));
    if (tree != 0)
        failures++;
}

static void sizes(const char *dir) {
    untorn_text answer = {0};
    untorn_options options = zeros();
    uint32_t small[4] = {16, 0, 0, 0};
    WORKS(untorn_verify(TEXT(dir), (untorn_options *)small, &answer)); /* as an older header has it */
    uint32_t wrong[] = {0, 1, 15, 17, sizeof options - 1, sizeof options + 8, 0xffffffff};
    for (size_t at = 0; at < sizeof wrong / sizeof *wrong; at++) {
        options.struct_size = wrong[at];
        REFUSED(untorn_verify(TEXT(dir), &options, &answer), "UNT-FFI-SIZE");
    }
}

static void choices(const char *dir) {
    untorn_text answer = {0};
    untorn_options options = zeros();
    options.flags = UNTORN_FORCE;
    REFUSED(untorn_verify(TEXT(dir), &options, &answer), "UNT-FFI-OPTION");
    options.flags = 1u << 31;
    REFUSED(untorn_update(TEXT(dir), &options, &answer), "UNT-FFI-OPTION");
    options = zeros();
    options.extent = 9;
    REFUSED(untorn_update(TEXT(dir), &options, &answer), "UNT-FFI-OPTION");
    options = zeros();
    options.sources_len = 1;
    REFUSED(untorn_update(TEXT(dir), &options, &answer), "UNT-FFI-NULL");
    options.sources = (untorn_view *)((char *)&options + 1);
    REFUSED(untorn_update(TEXT(dir), &options, &answer), "UNT-FFI-ALIGN");
    options = zeros();
    options.root = (const uint8_t *)"no root";
    options.root_len = 7;
    expect(__LINE__, untorn_update(TEXT(dir), &options, &answer), UNTORN_OTHER, &answer, "UNT-");
    options = zeros();
    options.should_stop = stop;
    expect(__LINE__, untorn_roll_back(TEXT(dir), &options, &answer), UNTORN_OTHER, &answer, "UNT-NO-UNDO");
}

static void handles(const char *dir) {
    untorn_text answer = {0};
    untorn_tree tree = 0, second = 0;
    untorn_guard guard = 0;
    REFUSED(untorn_close(0, &answer), "UNT-FFI-HANDLE");
    REFUSED(untorn_commit(77777, &answer), "UNT-FFI-HANDLE");
    WORKS(untorn_hold(TEXT(dir), NULL, &guard, &answer));
    REFUSED(untorn_begin(guard, NULL, &answer), "UNT-FFI-HANDLE");
    REFUSED(untorn_close(guard, &answer), "UNT-FFI-HANDLE");
    WORKS(untorn_open(TEXT(dir), NULL, &tree, &answer));
    REFUSED(untorn_release(tree, &answer), "UNT-FFI-HANDLE");
    expect(__LINE__, untorn_open(TEXT(dir), NULL, &second, &answer), UNTORN_BUSY, &answer, "UNT-BUSY");
    REFUSED(untorn_commit(tree, &answer), "UNT-FFI-NONE");
    REFUSED(untorn_write_at(tree, TEXT("a"), 0, BYTES("x"), &answer), "UNT-FFI-NONE");
    WORKS(untorn_begin(tree, NULL, &answer));
    REFUSED(untorn_begin(tree, NULL, &answer), "UNT-FFI-BEGUN");
    REFUSED(untorn_write_at(tree, TEXT("a"), 0, NULL, 3, &answer), "UNT-FFI-NULL");
    expect(__LINE__, untorn_write_at(tree, TEXT("../a"), 0, BYTES("x"), &answer), UNTORN_OTHER, &answer, "UNT-PATH");
    WORKS(untorn_write_at(tree, "abc", 1, 0, BYTES("x"), &answer)); /* the length counts, not a NUL */
    /* The game runs: the transaction is over, the tree as it was. */
    expect(__LINE__, untorn_commit(tree, &answer), UNTORN_BUSY, &answer, "UNT-IN-USE");
    WORKS(untorn_release(guard, &answer));
    REFUSED(untorn_release(guard, &answer), "UNT-FFI-HANDLE");
    WORKS(untorn_begin(tree, NULL, &answer));
    WORKS(untorn_write_at(tree, TEXT("left/over"), 0, BYTES("x"), &answer));
    WORKS(untorn_close(tree, &answer)); /* with a transaction on it */
    REFUSED(untorn_close(tree, &answer), "UNT-FFI-HANDLE");
}

static void threads(const char *dir) {
    untorn_text answer = {0};
    untorn_options options = zeros();
    untorn_tree tree = 0;
    options.flags = UNTORN_THREAD_BOUND;
    WORKS(untorn_open(TEXT(dir), &options, &tree, &answer));
    if (from_another_thread(&tree) != 1000)
        failures++, printf("a bound handle works on another thread\n");
    WORKS(untorn_close(tree, &answer));
    WORKS(untorn_open(TEXT(dir), NULL, &tree, &answer));
    if (from_another_thread(&tree) != UNTORN_OK)
        failures++, printf("a free handle does not work on another thread\n");
    WORKS(untorn_discard(tree, &answer));
    /* A callback that uses the handle it is called for. */
    options = zeros();
    options.should_stop = use_own_handle;
    inside = tree;
    WORKS(untorn_begin(tree, &options, &answer));
    WORKS(untorn_write_at(tree, TEXT("kept"), 0, BYTES("x"), &answer));
    if (seen_inside != UNTORN_MISUSE)
        failures++, printf("a callback could use the handle: %d\n", (int)seen_inside);
    WORKS(untorn_commit(tree, &answer));
    options.should_stop = stop;
    WORKS(untorn_begin(tree, &options, &answer));
    expect(__LINE__, untorn_remove(tree, TEXT("kept"), &answer), UNTORN_OK, &answer, NULL);
    expect(__LINE__, untorn_commit(tree, &answer), UNTORN_STOPPED, &answer, "UNT-STOPPED");
    WORKS(untorn_close(tree, &answer));
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    if (untorn_abi_version() != UNTORN_ABI_VERSION)
        return 3;
    pointers(argv[1]);
    sizes(argv[1]);
    choices(argv[1]);
    handles(argv[1]);
    threads(argv[1]);
    if (failures == 0)
        printf("all refused\n");
    return failures != 0;
}
