/* How long opening and closing a tree takes that has nothing to recover: the median of many. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "clock.h"
#include "untorn.h"

enum { TIMES = 1001 };

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    static double took[TIMES];
    if (argc != 2)
        return 2;
    for (int turn = 0; turn < TIMES; turn++) {
        untorn_tree tree = 0;
        double from = now();
        if (untorn_open(argv[1], strlen(argv[1]), NULL, &tree, NULL) != UNTORN_OK || untorn_close(tree, NULL) != UNTORN_OK)
            return 1;
        took[turn] = (now() - from) * 1e6;
    }
    qsort(took, TIMES, sizeof *took, compare);
    printf("%.0f\n", took[TIMES / 2]);
    return 0;
}
