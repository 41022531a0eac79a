namespace Nephos.Node.Compute.Qemu;

/// <summary>
/// A guest of 190 bytes that finds out whether an accelerator really runs guests. It exists because /dev/kvm being there proves little: where virtualisation
/// is nested or emulated, opening it works and guests then hang or die at the first instruction that the host has to emulate. So it goes the way of every
/// boot loader and kernel (real mode, protected mode, an interrupt return in it, paging, long mode, cpuid) and ends QEMU through the isa-debug-exit device.
/// </summary>
internal static class AcceleratorProbe
{
    /// <summary>What QEMU exits with when the guest came to its end: the guest writes 16 to the device, which exits with 16 * 2 + 1.</summary>
    public const int Works = 33;

    /// <summary>A guest that works needs 0.1 s; one that does not may hang.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    // GNU assembler; the firmware's last 64 KiB are at 0xf0000 too, where the reset vector jumps.
    //   .code16             cli; lgdtl %cs:gdtptr; mov %cr0,%eax; or $1,%al; mov %eax,%cr0; ljmpl $8,$0xf0000+1f
    //   .code32          1: mov $0x10,%eax; mov %eax,%ds; mov %eax,%es; mov %eax,%ss; mov $0x8000,%esp
    //                       pushf; push $8; push $0xf0000+2f; iretl
    //                    2: xor %eax,%eax; mov $0x1000,%edi; mov $0xc00,%ecx; rep stosl              # three page tables at 0x1000
    //                       movl $0x2003,0x1000; movl $0x3003,0x2000; movl $0x83,0x3000              # the first 2 MiB, one to one
    //                       mov $0x1000,%eax; mov %eax,%cr3; mov $0x20,%eax; mov %eax,%cr4           # PAE
    //                       mov $0xc0000080,%ecx; mov $0x100,%eax; xor %edx,%edx; wrmsr              # EFER.LME
    //                       mov %cr0,%eax; or $0x80000000,%eax; mov %eax,%cr0; ljmpl $0x18,$0xf0000+3f
    //   .code64          3: xor %eax,%eax; cpuid; mov $0x10,%al; out %al,$0xf4; 4: hlt; jmp 4b
    //   gdt                 null; 32-bit code 0x00cf9b000000ffff; data 0x00cf93000000ffff; 64-bit code 0x00af9b000000ffff
    private const string Code =
        "+i5mDwEWuAAPIMAMAQ8iwGbqGAAPAAgAuBAAAACO2I7AjtC8AIAAAJxqCGgxAA8AzzHAvwAQAAC5AAwAAPOrxwUAEAAAAyAAAMcFACAAAAMwAADHBQAwAACDAAAAuAAQAAAPIti4IAAAAA8i4LmA" +
        "AADAuAABAAAx0g8wDyDADQAAAIAPIsDqjQAPABgAMcAPorAQ5vT06/0AAAAAAAAAAP//AAAAm88A//8AAACTzwD//wAAAJuvAB8AmAAPAA==";

    /// <summary>The firmware image: 64 KiB, code at its start, at the reset vector (16 bytes before its end) a far jump to it.</summary>
    public static byte[] Firmware()
    {
        var image = new byte[64 * 1024];
        Convert.FromBase64String(Code).CopyTo(image, 0);
        ReadOnlySpan<byte> jump = [0xea, 0x00, 0x00, 0x00, 0xf0];
        jump.CopyTo(image.AsSpan(image.Length - 16));
        return image;
    }

    public static IReadOnlyList<string> CommandLine(string accelerator, string firmware) =>
    [
        "-accel", accelerator, "-cpu", accelerator == "kvm" ? "host" : "max", "-machine", "pc", "-m", "16", "-nodefaults", "-no-user-config", "-display", "none",
        "-bios", firmware, "-device", "isa-debug-exit,iobase=0xf4,iosize=1",
    ];
}
