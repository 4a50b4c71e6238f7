/* Seconds since some moment. */
#ifdef _WIN32
#include <windows.h>
static double now(void) {
    LARGE_INTEGER count, a_second;
    QueryPerformanceFrequency(&a_second);
    QueryPerformanceCounter(&count);
    return (double)count.QuadPart / (double)a_second.QuadPart;
}
#else
#include <time.h>
static double now(void) {
    struct timespec time;
    timespec_get(&time, TIME_UTC);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}
#endif
