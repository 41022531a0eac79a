using System.Text.Json.Nodes;
using Nephos.Contracts.Node;
using Nephos.Node.Compute;
using Nephos.Node.Compute.Qemu;
using Nephos.Node.Tests.Guests;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Compute.Qemu;

public sealed class QemuCommandLineTests
{
    private static readonly CachedImage Image = new("/s/images/i.base", "qcow2", 1 << 20);
    private static readonly GuestFiles Files = new("/s/guests/g");

    [Fact]
    public void Build_PlainGuest_HasWhatCloudInitLooksForAndHeldCpus()
    {
        var spec = Valid.Guest();
        var line = Build(spec);
        After(line, "-uuid").ShouldBe(spec.Id);
        After(line, "-smbios").ShouldContain("product=OpenStack Nova");
        After(line, "-machine").ShouldBe("pc-q35-7.2");
        After(line, "-m").ShouldBe("128");
        line.ShouldContain("-S");
        After(line, "-accel").ShouldBe("tcg,thread=multi,tb-size=32");
        After(line, "-cpu").ShouldBe("max");
    }

    [Fact]
    public void Build_Card_IsOnItsOwnPortWithTapMacAndMtu()
    {
        var spec = Valid.Guest();
        var nic = spec.Nics[0];
        var line = Build(spec);
        JsonNode.Parse(After(line, "-netdev"))!["ifname"]!.GetValue<string>().ShouldBe(TapNames.Of(nic.PortId));
        var card = Device(line, "nic-" + nic.PortId);
        card["mac"]!.GetValue<string>().ShouldBe(nic.Mac);
        card["host_mtu"]!.GetValue<int>().ShouldBe(1450);
        card["bus"]!.GetValue<string>().ShouldBe("rp2");
    }

    [Fact]
    public void Build_Disk_SpellsOutItsWholeChain()
    {
        var root = JsonNode.Parse(After(Build(Valid.Guest()), "-blockdev"))!;
        root["file"]!["filename"]!.GetValue<string>().ShouldBe("/s/guests/g/root.qcow2");
        root["backing"]!["file"]!["filename"]!.GetValue<string>().ShouldBe("/s/images/i.base");
        root["backing"]!["read-only"]!.GetValue<bool>().ShouldBeTrue();
        root["backing"]!.AsObject().ContainsKey("backing").ShouldBeTrue("the image's own header would decide what is below it");
    }

    [Fact]
    public void Build_NameWithCommas_CannotAddOptions() =>
        After(Build(Valid.Guest() with { InstanceName = "a,process=x" }), "-name").ShouldBe("guest=a,,process=x,debug-threads=on");

    [Fact]
    public void Build_ConfigDrive_IsAReadOnlyVirtioDisk()
    {
        var line = QemuCommandLine.Build(QemuLaunch.Of(Valid.Guest(), Image, configDrive: true, "tcg", 7002022), Files, incoming: false);
        Device(line, "disk-config")["driver"]!.GetValue<string>().ShouldBe("virtio-blk-pci");
        line.Count(argument => argument.Contains("\"node-name\":\"config\",\"driver\":\"raw\",\"read-only\":true", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public void Build_Kvm_UsesTheHostsProcessor()
    {
        var line = QemuCommandLine.Build(QemuLaunch.Of(Valid.Guest(), Image, false, "kvm", 0), Files, incoming: false);
        (After(line, "-accel"), After(line, "-cpu"), After(line, "-machine")).ShouldBe(("kvm", "host", "q35"));
    }

    [Fact]
    public void Build_Ports_AreOnFreePlacesOfTheRootBus()
    {
        var places = Build(Valid.Guest()).Where(argument => argument.Contains("pcie-root-port", StringComparison.Ordinal)).Select(argument => JsonNode.Parse(argument)!["addr"]!.GetValue<string>()).ToList();
        places.Count.ShouldBe(QemuLaunch.Slots);
        places.ShouldBeUnique();
    }

    [Theory]
    [InlineData("hw_disk_bus", "floppy")]
    [InlineData("hw_vif_model", "cheap")]
    [InlineData("hw_machine_type", "microvm")]
    [InlineData("hw_video_model", "hercules")]
    public void Of_UnsupportedProperty_SaysWhich(string name, string value) =>
        Should.Throw<GuestException>(() => Build(Valid.Guest() with { Hardware = new Dictionary<string, string> { [name] = value } })).Message.ShouldContain($"{name}={value}");

    [Fact]
    public void Build_TooManyCards_SaysHowMany() =>
        Should.Throw<GuestException>(() => Build(Valid.Guest() with { Nics = [.. Enumerable.Range(0, 17).Select(_ => Valid.Nic())] })).Message.ShouldContain("16");

    private static IReadOnlyList<string> Build(GuestSpec spec) => QemuCommandLine.Build(QemuLaunch.Of(spec, Image, false, "tcg", 7002022), Files, incoming: false);

    private static string After(IReadOnlyList<string> line, string option) => line[line.ToList().IndexOf(option) + 1];

    private static JsonNode Device(IReadOnlyList<string> line, string id) =>
        line.Where(argument => argument.StartsWith('{')).Select(argument => JsonNode.Parse(argument)!).Single(device => device["driver"] is not null && device["id"]?.GetValue<string>() == id);
}
