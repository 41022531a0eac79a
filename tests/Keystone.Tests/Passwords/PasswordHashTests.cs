using System.Text;
using Nephos.Keystone.Passwords;
using Shouldly;
using Xunit;

namespace Nephos.Keystone.Tests.Passwords;

public sealed class PasswordHashTests
{
    /// <summary>Vectors of crypt_blowfish's wrapper.c; the others were made with Python's hashlib, hmac and crypt in the notations of upstream and passlib.</summary>
    [Theory]
    [InlineData("U*U", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")]
    [InlineData("U*U", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")]
    [InlineData("", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy")]
    [InlineData("password", "$pbkdf2-sha512$25000$AAECAwQFBgcICQoLDA0ODw$EIJTJci4GjJFueYP2IMIxGIhpWd96facmk2yGdjyFsEUE2PrPNQnrnUVT5Ch.GNpbgjHYeabQn2L9uP6DGJOVw")]
    [InlineData("password", "$pbkdf2-sha512$25000$AAECAwQFBgcICQoLDA0ODw$EIJTJci4GjJFueYP2IMIxGIhpWd96facmk2yGdjyFsEUE2PrPNQnrnUVT5Ch+GNpbgjHYeabQn2L9uP6DGJOVw")]
    [InlineData("password", "$scrypt$ln=16,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$jWPkcxERY25E9gwism7ggXZkARLbUPyOZiOM5ZQx95s")]
    [InlineData("password", "$bcrypt-sha256$v=2,t=2b,r=5$CCCCCCCCCCCCCCCCCCCCC.$LePhAZOfVo8mj4OC4pPU4Z52RV2YIOW")]
    [InlineData("password", "$bcrypt-sha256$2b,5$CCCCCCCCCCCCCCCCCCCCC.$xh7bMqo6y0N6czpPQtUzmbkrLRKvXhK")]
    [InlineData("password", "$6$rounds=5000$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/")]
    public void Verify_KnownHash_FitsItsPasswordOnly(string password, string hash)
    {
        PasswordHash.Verify(password, hash).ShouldBeTrue();
        PasswordHash.Verify(password + "x", hash).ShouldBeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain text")]
    [InlineData("$9$what$is$this")]
    [InlineData("$2b$05$short")]
    [InlineData("$pbkdf2-sha512$0$AAEC$AAEC")]
    [InlineData("$pbkdf2-sha512$x$AAEC$AAEC")]
    [InlineData("$pbkdf2-sha512$1$AAEC$")]
    [InlineData("$pbkdf2-sha512$1$A*EC$AAEC")]
    [InlineData("$scrypt$ln=40,r=8,p=1$AAEC$AAEC")]
    [InlineData("$scrypt$ln=22,r=8,p=1$AAEC$AAEC")]
    [InlineData("$scrypt$r=8,p=1$AAEC$AAEC")]
    [InlineData("$scrypt$16$AAEC$AAEC")]
    [InlineData("$bcrypt-sha256$v=2,t=2b,r=5$short$x")]
    [InlineData("$bcrypt-sha256$v=2,t=9,r=5$CCCCCCCCCCCCCCCCCCCCC.$LePhAZOfVo8mj4OC4pPU4Z52RV2YIOW")]
    public void Verify_BrokenHash_FitsNothing(string hash) => PasswordHash.Verify("password", hash).ShouldBeFalse();

    [Theory]
    [InlineData(PasswordHashAlgorithm.Bcrypt, "$2b$04$")]
    [InlineData(PasswordHashAlgorithm.BcryptSha256, "$bcrypt-sha256$v=2,t=2b,r=4$")]
    [InlineData(PasswordHashAlgorithm.Scrypt, "$scrypt$ln=16,r=8,p=1$")]
    [InlineData(PasswordHashAlgorithm.Pbkdf2Sha512, "$pbkdf2-sha512$4$")]
    public void Make_TwiceTheSame_DiffersAndBothFit(PasswordHashAlgorithm algorithm, string prefix)
    {
        var settings = new KeystoneSettings { PasswordHashAlgorithm = algorithm, PasswordHashRounds = 4 };
        var password = Encoding.UTF8.GetBytes("päßwörd");
        var (one, two) = (PasswordHash.Make(password, settings), PasswordHash.Make(password, settings));
        one.ShouldStartWith(prefix);
        one.ShouldNotBe(two);
        PasswordHash.Verify(password, one).ShouldBeTrue();
        PasswordHash.Verify(password, two).ShouldBeTrue();
        PasswordHash.Verify("passwörd", one).ShouldBeFalse();
    }

    [Theory]
    [InlineData(PasswordHashAlgorithm.Bcrypt, "$2b$12$")]
    [InlineData(PasswordHashAlgorithm.Pbkdf2Sha512, "$pbkdf2-sha512$25000$")]
    public void Make_WithoutRounds_IsAsStrongAsUpstream(PasswordHashAlgorithm algorithm, string prefix) =>
        PasswordHash.Make("secret"u8, new KeystoneSettings { PasswordHashAlgorithm = algorithm }).ShouldStartWith(prefix);

    [Fact]
    public void Verify_TextBehindNul_IsNotCutOff() => PasswordHash.Verify("secret\0more", PasswordHash.Make("secret", 4)).ShouldBeFalse();

    [Fact]
    public async Task Hasher_Threads_AreNicerThanOthers()
    {
        if (!OperatingSystem.IsLinux()) { return; }
        var before = ThreadNice.Current();
        var nice = 0;
        var thread = new Thread(() =>
        {
            ThreadNice.Lower();
            nice = ThreadNice.Current();
        });
        thread.Start();
        await Task.Run(thread.Join);
        nice.ShouldBe(Math.Max(before, 10));
        ThreadNice.Current().ShouldBe(before);
    }
}
