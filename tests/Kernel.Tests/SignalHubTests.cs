using Nephos.Kernel.Signals;
using Shouldly;
using Xunit;

namespace Nephos.Kernel.Tests;

public sealed class SignalHubTests
{
    [Fact]
    public async Task Wait_PokedAfterListening_EndsBeforeTheLimit()
    {
        var hub = new SignalHub();
        var listener = hub.Listen("a");
        hub.Poke("a");
        (await SignalHub.WaitAsync(listener, TimeSpan.FromMinutes(1), TimeProvider.System, default)).ShouldBeTrue();
    }

    [Fact]
    public async Task Wait_OtherTopicPoked_EndsAtTheLimit()
    {
        var hub = new SignalHub();
        var listener = hub.Listen("a");
        hub.Poke("b");
        (await SignalHub.WaitAsync(listener, TimeSpan.FromMilliseconds(10), TimeProvider.System, default)).ShouldBeFalse();
    }
}
