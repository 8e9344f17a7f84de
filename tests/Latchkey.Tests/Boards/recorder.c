/* Stands in for the C library at the edge between the controller's boards and the kernel: every call is handed to the test, which answers as the
   kernel would. The numbers and sizes come from the kernel's own headers. Compiled by the tests with cc. */
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <linux/gpio.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <linux/spi/spidev.h>
#include <asm/poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>
#include <fcntl.h>

int ioctl(int descriptor, unsigned long request, ...);

enum { OPEN, CLOSE, IOCTL, READ, POLL };

typedef long (*test_answers)(int call, long descriptor, unsigned long number, void *data);
static test_answers answers;

void recorder_start(test_answers test) { answers = test; }

static long finish(long result) {
  if (result >= 0) return result;
  errno = (int)-result;
  return -1;
}

int open(const char *path, int flags, ...) { return (int)finish(answers(OPEN, 0, (unsigned long)flags, (void *)path)); }
int close(int descriptor) { return (int)finish(answers(CLOSE, descriptor, 0, 0)); }
ssize_t read(int descriptor, void *into, size_t count) { return finish(answers(READ, descriptor, count, into)); }
int poll(struct pollfd *entries, unsigned long count, int timeout) { return (int)finish(answers(POLL, entries->fd, (unsigned long)timeout, entries)); }

int ioctl(int descriptor, unsigned long request, ...) {
  va_list rest;
  va_start(rest, request);
  void *data = va_arg(rest, void *);
  va_end(rest);
  return (int)finish(answers(IOCTL, descriptor, request, data));
}

unsigned long recorder_number(const char *name) {
#define NUMBER(known) if (!strcmp(name, #known)) return (unsigned long)(known)
#define SIZE(type) if (!strcmp(name, #type)) return sizeof(struct type)
  NUMBER(I2C_RDWR); NUMBER(I2C_M_RD); NUMBER(SPI_IOC_MESSAGE(1));
  NUMBER(GPIO_V2_GET_LINE_IOCTL); NUMBER(GPIO_V2_LINE_GET_VALUES_IOCTL); NUMBER(GPIO_V2_LINE_SET_VALUES_IOCTL);
  NUMBER(GPIO_V2_LINE_FLAG_INPUT); NUMBER(GPIO_V2_LINE_FLAG_OUTPUT); NUMBER(GPIO_V2_LINE_FLAG_OPEN_DRAIN); NUMBER(GPIO_V2_LINE_FLAG_BIAS_PULL_UP);
  NUMBER(GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES);
  NUMBER(TCGETS2); NUMBER(TCSETS2); NUMBER(BOTHER); NUMBER(CS8); NUMBER(CREAD); NUMBER(CLOCAL);
  NUMBER(O_RDWR); NUMBER(O_NOCTTY); NUMBER(O_CLOEXEC); NUMBER(POLLIN);
  SIZE(i2c_msg); SIZE(i2c_rdwr_ioctl_data); SIZE(spi_ioc_transfer); SIZE(gpio_v2_line_request); SIZE(gpio_v2_line_config); SIZE(gpio_v2_line_config_attribute);
  SIZE(gpio_v2_line_values); SIZE(termios2); SIZE(pollfd);
  if (!strcmp(name, "request.fd")) return offsetof(struct gpio_v2_line_request, fd);
  if (!strcmp(name, "request.config")) return offsetof(struct gpio_v2_line_request, config);
  if (!strcmp(name, "request.num_lines")) return offsetof(struct gpio_v2_line_request, num_lines);
  if (!strcmp(name, "termios2.ospeed")) return offsetof(struct termios2, c_ospeed);
  return ~0UL;
}
