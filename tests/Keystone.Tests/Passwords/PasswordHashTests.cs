using Nephos.Keystone.Passwords;
using Shouldly;
using Xunit;

namespace Nephos.Keystone.Tests.Passwords;

public sealed class PasswordHashTests
{
    /// <summary>Vectors of crypt_blowfish's wrapper.c; the last one is Python's hashlib in passlib's notation.</summary>
    [Theory]
    [InlineData("U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")]
    [InlineData("", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy")]
    [InlineData("password", "$pbkdf2-sha512$25000$AAECAwQFBgcICQoLDA0ODw$EIJTJci4GjJFueYP2IMIxGIhpWd96facmk2yGdjyFsEUE2PrPNQnrnUVT5Ch.GNpbgjHYeabQn2L9uP6DGJOVw")]
    public void Verify_KnownHash_FitsItsPasswordOnly(string password, string hash)
    {
        PasswordHash.Verify(password, hash).ShouldBeTrue();
        PasswordHash.Verify(password + "x", hash).ShouldBeFalse();
    }

    [Fact]
    public void Make_TwiceTheSame_DiffersAndBothFit()
    {
        var (one, two) = (PasswordHash.Make("päßwörd", 4), PasswordHash.Make("päßwörd", 4));
        one.ShouldStartWith("$2b$04$");
        one.ShouldNotBe(two);
        PasswordHash.Verify("päßwörd", one).ShouldBeTrue();
        PasswordHash.Verify("päßwörd", two).ShouldBeTrue();
    }

    [Fact]
    public void Verify_TextBehindNul_IsNotCutOff() => PasswordHash.Verify("secret\0more", PasswordHash.Make("secret", 4)).ShouldBeFalse();
}
