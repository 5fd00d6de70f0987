// Preloaded, it stands in for /dev/dma_heap/system, which few kernels have: memory files instead of DMA buffers.
// libcamera's virtual camera fills whatever it can map, and picamera2 opens the same heap.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/dma-heap.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char heap[] = "/dev/dma_heap/system";

static int open_heap(void) { return memfd_create("tintcast-heap", MFD_CLOEXEC); }

// Whether a descriptor is one that we opened as the heap, told by its name: descriptors are used again.
static int is_heap(int fd) {
    char link[64], name[128];
    static const char digits[] = "0123456789";
    char number[12], *at = number + sizeof number;
    *--at = 0;
    do *--at = digits[fd % 10]; while ((fd /= 10) > 0);
    strcpy(link, "/proc/self/fd/");
    strcat(link, at);
    ssize_t length = readlink(link, name, sizeof name - 1);
    if (length < 0) return 0;
    name[length] = 0;
    return strstr(name, "memfd:tintcast-heap") != NULL;
}

static int opened(const char *symbol, const char *path, int flags, va_list more) {
    if (!strcmp(path, heap)) return open_heap();
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, symbol);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    return real(path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int fd = opened("open", path, flags, more);
    va_end(more);
    return fd;
}

int open64(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    int fd = opened("open64", path, flags, more);
    va_end(more);
    return fd;
}

int ioctl(int fd, unsigned long request, ...) {
    va_list more;
    va_start(more, request);
    void *argument = va_arg(more, void *);
    va_end(more);
    if (request == DMA_HEAP_IOCTL_ALLOC && is_heap(fd)) {
        struct dma_heap_allocation_data *wanted = argument;
        int buffer = memfd_create("tintcast-buffer", MFD_CLOEXEC);
        if (buffer < 0 || ftruncate(buffer, wanted->len)) return -1;
        wanted->fd = buffer;
        return 0;
    }
    if (request == DMA_BUF_IOCTL_SYNC || (request & 0xffff) == (DMA_BUF_SET_NAME & 0xffff)) return 0;
    int (*real)(int, unsigned long, ...) = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
    return real(fd, request, argument);
}
