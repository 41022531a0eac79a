using System.Text;
using System.Text.Json;
using Nephos.Kernel.Processes;
using Nephos.Node.Compute.Qemu;
using Nephos.Node.Tests.Guests;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Compute.Qemu;

/// <summary>What QEMU and the kernel print, as captured.</summary>
public sealed class QemuTextTests
{
    [Theory]
    [InlineData("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright (c) 2003-2022 Fabrice Bellard", 7002022)]
    [InlineData("QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-1)", 10000002)]
    [InlineData("QEMU emulator version 9.1", 9001000)]
    [InlineData("something else", 0)]
    public void ParseVersion_Printed_IsUpstreamsNumber(string printed, int version) => Hypervisor.ParseVersion(printed).ShouldBe(version);

    [Theory]
    [InlineData("qemu-system-x86_64: -netdev {\"type\":\"tap\"}: could not configure /dev/net/tun (tap1): Device or resource busy", "A tap device of the guest is in use by another process")]
    [InlineData("qemu-system-x86_64: cannot set up guest memory 'pc.ram': Cannot allocate memory", "The host has not enough free memory for the guest")]
    [InlineData("qemu-system-x86_64: -blockdev {}: Failed to get \"write\" lock\nIs another process using the image [/x]?", "The guest's disk is in use by another process")]
    [InlineData("qemu-system-x86_64: -device x: 'x' is not a valid device model name\n", "QEMU did not start: -device x: 'x' is not a valid device model name")]
    [InlineData("", "QEMU did not start: it gave no reason")]
    public void Words_Printed_AreForTheOwner(string printed, string words) => QemuErrors.Words(printed).ShouldBe(words);

    [Theory]
    [InlineData("/usr/bin/qemu-system-x86_64\0-name\0g\0-pidfile\0/s/guests/a/qemu.pid\0", true)]
    [InlineData("qemu-system-x86_64\0-pidfile\0/s/guests/a/qemu.pid\0", true)]
    [InlineData("qemu-system-x86_64\0-pidfile\0/s/guests/ab/qemu.pid\0", false)]
    [InlineData("/usr/bin/tail\0/s/guests/a/qemu-system-x86_64\0", false)]
    [InlineData("", false)]
    public void IsOf_CommandLine_NeedsProgramAndFolder(string commandLine, bool ours) => QemuProcess.IsOf(Encoding.UTF8.GetBytes(commandLine), "/s/guests/a").ShouldBe(ours);

    [Fact]
    public void PortsIn_PeripheralDevices_AreTheCards() =>
        QemuGuest.PortsIn(JsonDocument.Parse("""[{"name":"type","type":"string"},{"name":"nic-p1","type":"child<virtio-net-pci>"},{"name":"rp0","type":"child<pcie-root-port>"}]""").RootElement)
            .ShouldBe(["p1"]);

    [Fact]
    public void Firmware_ResetVector_JumpsToItsStart()
    {
        var firmware = AcceleratorProbe.Firmware();
        firmware.Length.ShouldBe(65536);
        firmware.AsSpan(65520, 5).ToArray().ShouldBe([0xea, 0, 0, 0, 0xf0]);
        firmware[0].ShouldBe((byte)0xfa);
    }

    [Fact]
    [Trait("Category", "Live")]
    public async Task Probe_OnTcg_ComesToItsEnd()
    {
        using var folder = new TemporaryFolder();
        var firmware = Path.Combine(folder.Path, "probe.bin");
        await File.WriteAllBytesAsync(firmware, AcceleratorProbe.Firmware());
        (await new ProcessRunner().RunAsync("qemu-system-x86_64", AcceleratorProbe.CommandLine("tcg", firmware), limit: TimeSpan.FromSeconds(20))).ExitCode.ShouldBe(AcceleratorProbe.Works);
    }
}
