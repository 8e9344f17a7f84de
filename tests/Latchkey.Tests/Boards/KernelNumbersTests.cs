using System.Runtime.InteropServices;
using Latchkey.Controller.Boards.Linux;

namespace Latchkey.Tests.Boards;

/// <summary>The numbers and layouts that the boards hand to the kernel are those of its own headers.</summary>
public sealed class KernelNumbersTests
{
    [Fact]
    public void Structures_have_the_sizes_of_the_headers()
    {
        Marshal.SizeOf<I2cBus.Message>().ShouldBe((int)KernelRecorder.Number("i2c_msg"));
        Marshal.SizeOf<I2cBus.Request>().ShouldBe((int)KernelRecorder.Number("i2c_rdwr_ioctl_data"));
        Marshal.SizeOf<SpiDevice.Transfer>().ShouldBe((int)KernelRecorder.Number("spi_ioc_transfer"));
        Marshal.SizeOf<GpioLines.Request>().ShouldBe((int)KernelRecorder.Number("gpio_v2_line_request"));
        Marshal.SizeOf<GpioLines.Config>().ShouldBe((int)KernelRecorder.Number("gpio_v2_line_config"));
        Marshal.SizeOf<GpioLines.Attribute>().ShouldBe((int)KernelRecorder.Number("gpio_v2_line_config_attribute"));
        Marshal.SizeOf<GpioLines.Values>().ShouldBe((int)KernelRecorder.Number("gpio_v2_line_values"));
        Marshal.SizeOf<SerialLine.Settings>().ShouldBe((int)KernelRecorder.Number("termios2"));
        Marshal.SizeOf<Kernel.PollEntry>().ShouldBe((int)KernelRecorder.Number("pollfd"));
        ((int)Marshal.OffsetOf<GpioLines.Request>(nameof(GpioLines.Request.Descriptor))).ShouldBe((int)KernelRecorder.Number("request.fd"));
        ((int)Marshal.OffsetOf<GpioLines.Request>(nameof(GpioLines.Request.Config))).ShouldBe((int)KernelRecorder.Number("request.config"));
        ((int)Marshal.OffsetOf<SerialLine.Settings>(nameof(SerialLine.Settings.OutputSpeed))).ShouldBe((int)KernelRecorder.Number("termios2.ospeed"));
    }

    [Fact]
    public void Opening_uses_the_flags_of_the_headers()
    {
        Kernel.ReadWrite.ShouldBe((int)KernelRecorder.Number("O_RDWR"));
        Kernel.NoControllingTerminal.ShouldBe((int)KernelRecorder.Number("O_NOCTTY"));
        Kernel.CloseOnExec.ShouldBe((int)KernelRecorder.Number("O_CLOEXEC"));
    }

    [Fact]
    public void A_device_that_is_not_there_is_said_with_what_to_do() =>
        Should.Throw<IOException>(() => new I2cBus("/dev/i2c-99")).Message.ShouldSatisfyAllConditions(m => m.ShouldContain("/dev/i2c-99"), m => m.ShouldContain("raspi-config"));
}
