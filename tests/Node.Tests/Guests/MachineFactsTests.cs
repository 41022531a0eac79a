using Nephos.Node.Guests;
using Shouldly;
using Xunit;

namespace Nephos.Node.Tests.Guests;

public sealed class MachineFactsTests
{
    [Fact]
    public void RamMib_MemInfo_IsInMebibytes() =>
        MachineFacts.RamMibOf(["MemTotal:       24689420 kB", "MemFree:          100000 kB"]).ShouldBe(24110);

    [Fact]
    public void CpuFacts_TwoThreadsOfOneCore_CountsThem()
    {
        string[] block = ["vendor_id\t: AuthenticAMD", "model name\t: AMD EPYC", "physical id\t: 0", "siblings\t: 2", "cpu cores\t: 1", "flags\t\t: fpu vme svm", ""];
        var facts = MachineFacts.CpuFactsOf(["processor\t: 0", .. block, "processor\t: 1", .. block]);
        facts.ShouldSatisfyAllConditions(
            f => f.Model.ShouldBe("AMD EPYC"), f => f.Vendor.ShouldBe("AuthenticAMD"), f => f.Features.ShouldBe(["fpu", "vme", "svm"]),
            f => (f.Sockets, f.Cores, f.Threads).ShouldBe((1, 1, 2)));
    }

    [Fact]
    public void CpuFacts_NoTopology_CountsProcessors() =>
        MachineFacts.CpuFactsOf(["processor : 0", "processor : 1"]).ShouldSatisfyAllConditions(f => f.Sockets.ShouldBe(1), f => f.Cores.ShouldBe(2));
}
