using System.Text.Json;
using Nephos.Keystone.DomainConfigs;
using Nephos.Keystone.Ldap;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.DomainConfigs;

public sealed class DomainConfigEndpointsTests(KeystoneCloud cloud) : IClassFixture<KeystoneCloud>
{
    [Fact]
    public async Task Config_WholeLife_HidesWhatIsSensitive()
    {
        var admin = cloud.Admin;
        var config = $"{V3}/domains/{await Domain(admin)}/config";
        (await admin.Get(config)).Is(404).Message().ShouldStartWith("Could not find any options in domain configuration for domain ");
        (await admin.Put(config, """{"config":{"ldap":{"url":"ldap://a","user_tree_dn":"ou=u","password":"geheim","page_size":10},"identity":{"driver":"sql"}}}""")).Is(201)["config"].ToJsonString()
            .ShouldBe("""{"ldap":{"url":"ldap://a","user_tree_dn":"ou=u","page_size":10},"identity":{"driver":"sql"}}""");
        (await admin.Put(config, """{"config":{"ldap":{"url":"ldap://b","password":"geheim"},"identity":{"driver":"sql"}}}""")).Is(200);
        (await admin.Get(config)).Is(200)["config"].ToJsonString().ShouldBe("""{"identity":{"driver":"sql"},"ldap":{"url":"ldap://b"}}""");
        (await admin.Head(config)).Is(200);
        (await admin.Get(config + "/ldap")).Is(200)["config"].ToJsonString().ShouldBe("""{"ldap":{"url":"ldap://b"}}""");
        (await admin.Get(config + "/ldap/url")).Is(200)["config"].ToJsonString().ShouldBe("""{"url":"ldap://b"}""");
        (await admin.Get(config + "/ldap/password")).Is(404).Message().ShouldStartWith("Could not find option password in group ldap in domain configuration");
        (await admin.Get(config + "/ldap/suffix")).Is(404);
        (await admin.Patch(config, """{"config":{"ldap":{"suffix":"dc=x"}}}""")).Is(200)["config"].ToJsonString().ShouldBe("""{"identity":{"driver":"sql"},"ldap":{"suffix":"dc=x","url":"ldap://b"}}""");
        (await admin.Patch(config + "/ldap", """{"config":{"ldap":{"url":"ldap://c","user":"cn=u"}}}""")).Is(200);
        (await admin.Patch(config + "/ldap/url", """{"config":{"url":"ldap://d"}}""")).Is(200)["config"]["ldap"]!["url"]!.ToString().ShouldBe("ldap://d");
        (await admin.Patch(config + "/ldap/password", """{"config":{"password":"neu"}}""")).Is(200).Text.ShouldNotContain("neu");
        (await admin.Delete(config + "/ldap/user")).Is(204);
        (await admin.Delete(config + "/ldap/user")).Is(404).Message().ShouldStartWith("Could not find option user in group ldap");
        (await admin.Delete(config + "/ldap")).Is(204);
        (await admin.Delete(config + "/ldap")).Is(404).Message().ShouldStartWith("Could not find group ldap in domain configuration");
        (await admin.Delete(config)).Is(204);
        (await admin.Delete(config)).Is(204);
        (await admin.Get(config)).Is(404);
    }

    [Theory]
    [InlineData("""{"config":{}}""", "No options specified.")]
    [InlineData("""{}""", "No options specified.")]
    [InlineData("""{"config":{"ldap":{}}}""", "The value of group ldap specified in the config should be a dictionary of options.")]
    [InlineData("""{"config":{"ldap":"x"}}""", "The value of group ldap specified in the config should be a dictionary of options.")]
    [InlineData("""{"config":{"token":{"provider":"x"}}}""", "Group token is not supported for domain specific configurations.")]
    [InlineData("""{"config":{"ldap":{"randomize_urls":true}}}""", "Option randomize_urls in group ldap is not supported for domain specific configurations.")]
    public async Task Put_BadConfig_Is403AndChangesNothing(string body, string reason)
    {
        var config = $"{V3}/domains/{await Domain(cloud.Admin)}/config";
        (await cloud.Admin.Put(config, body)).Is(403).Message().ShouldBe("Invalid domain specific configuration: " + reason);
        (await cloud.Admin.Get(config)).Is(404);
        (await cloud.Admin.Patch(config, body)).Is(403);
    }

    [Fact]
    public async Task Patch_OtherThanThePath_Is403()
    {
        var id = await Domain(cloud.Admin);
        var config = $"{V3}/domains/{id}/config";
        (await cloud.Admin.Put(config, """{"config":{"ldap":{"url":"ldap://a"}}}""")).Is(201);
        async Task Refused(string path, string body, int status, string message) => (await cloud.Admin.Patch(config + path, body)).Is(status).Message().ShouldBe(message);
        await Refused("/ldap", """{"config":{"ldap":{"url":"x"},"identity":{"driver":"sql"}}}""", 403, "Invalid domain specific configuration: Trying to update group ldap, so that, and only that, group must be specified in the config.");
        await Refused("/ldap", """{"config":{"identity":{"driver":"sql"}}}""", 403, "Invalid domain specific configuration: request to update group ldap, but config provided contains group identity instead.");
        await Refused("/ldap/url", """{"config":{"url":"x","suffix":"y"}}""", 403, "Invalid domain specific configuration: Trying to update option url in group ldap, so that, and only that, option must be specified  in the config.");
        await Refused("/ldap/url", """{"config":{"suffix":"y"}}""", 403, "Invalid domain specific configuration: Trying to update option url in group ldap, but config provided contains option suffix instead.");
        await Refused("/identity", """{"config":{"identity":{"driver":"sql"}}}""", 404, $"Could not find group identity in domain configuration for domain {id}.");
        await Refused("/ldap/suffix", """{"config":{"suffix":"y"}}""", 404, $"Could not find option suffix in group ldap in domain configuration for domain {id}.");
        await Refused("/security_compliance", """{"config":{"security_compliance":{"password_regex":"y"}}}""", 403, "Invalid domain specific configuration: Group security_compliance is not supported for domain specific configurations.");
        (await cloud.Admin.Patch($"{V3}/domains/nope/config", """{"config":{"ldap":{"url":"x"}}}""")).Is(404).Message().ShouldBe("Could not find domain: nope.");
        (await cloud.Admin.Put($"{V3}/domains/nope/config", """{"config":{"ldap":{"url":"x"}}}""")).Is(404);
        (await cloud.Admin.Delete($"{V3}/domains/nope/config")).Is(404);
        (await cloud.Admin.Put(config, "{")).Is(400);
        (await cloud.Admin.Get(config + "/ldap/url")).Is(200)["config"]["url"]!.ToString().ShouldBe("ldap://a");
    }

    [Fact]
    public async Task Defaults_AreTheProgramsConfiguration()
    {
        var all = (await cloud.Admin.Get($"{V3}/domains/config/default")).Is(200)["config"];
        all["identity"]!.ToJsonString().ShouldBe("""{"driver":"sql","list_limit":null}""");
        all["ldap"]!["url"]!.ToString().ShouldBe("ldap://localhost");
        all["ldap"]!["user_attribute_ignore"]!.ToJsonString().ShouldBe("""["default_project_id"]""");
        all["ldap"]!.AsObject().ContainsKey("password").ShouldBeFalse();
        all["ldap"]!.AsObject().Count.ShouldBe(49);
        (await cloud.Admin.Get($"{V3}/domains/config/ldap/default")).Is(200)["config"]["ldap"]!["pool_size"]!.GetValue<int>().ShouldBe(10);
        (await cloud.Admin.Get($"{V3}/domains/config/ldap/url/default")).Is(200)["config"].ToJsonString().ShouldBe("""{"url":"ldap://localhost"}""");
        (await cloud.Admin.Get($"{V3}/domains/config/ldap/password/default")).Is(403).Message().ShouldBe("Invalid domain specific configuration: Reading the default for option password in group ldap is not supported.");
        (await cloud.Admin.Get($"{V3}/domains/config/ldap/nope/default")).Is(403);
        (await cloud.Admin.Get($"{V3}/domains/config/nope/default")).Is(403);
    }

    [Fact]
    public async Task PasswordRules_AreForEveryone()
    {
        var user = await cloud.NewRealUserAsync();
        var path = $"{V3}/domains/default/config/security_compliance";
        (await user.Get(path)).Is(200)["config"].ToJsonString().ShouldBe("""{"security_compliance":{"password_regex":null,"password_regex_description":null}}""");
        (await user.Get(path + "/password_regex")).Is(200)["config"].ToJsonString().ShouldBe("""{"password_regex":null}""");
        (await user.Head(path + "/password_regex_description")).Is(200);
        (await user.Get(path + "/lockout_duration")).Is(403).Message().ShouldBe("Invalid domain specific configuration: Reading security compliance values other than password_regex and password_regex_description is not allowed..");
        (await user.Get($"{V3}/domains/{await Domain(cloud.Admin)}/config/security_compliance")).Is(403).Message().ShouldStartWith("Invalid domain specific configuration: Reading security compliance information for any domain");
        (await cloud.Anonymous.Get(path)).Is(401);
        foreach (var (method, at) in new[] { (HttpMethod.Get, "/default/config"), (HttpMethod.Put, "/default/config"), (HttpMethod.Patch, "/default/config/ldap"), (HttpMethod.Delete, "/default/config/ldap/url"), (HttpMethod.Get, "/config/default"), (HttpMethod.Patch, "/default/config/security_compliance") })
        {
            (await user.Send(method, V3 + "/domains" + at, method == HttpMethod.Get ? null : "{}")).Is(403);
        }
    }

    [Theory]
    [InlineData("cn=%(password)s", "cn=geheim")]
    [InlineData("100%% %(password)s%(password)s", "100% geheimgeheim")]
    [InlineData("%(other)s", "%(other)s")]
    [InlineData("50%", "50%")]
    [InlineData("%s", "%s")]
    [InlineData("%(password)d", "%(password)d")]
    public void Substitution_IsPythonsOrNone(string value, string wanted) =>
        DomainConfigOperations.Substitute(JsonSerializer.SerializeToElement(value), new Dictionary<string, string> { ["password"] = "geheim" }).GetString().ShouldBe(wanted);

    [Fact]
    public void File_InUpstreamsForm_IsRead()
    {
        var options = DomainConfigFiles.Parse(["# a comment", "[identity]", "driver = ldap", "", "[ldap]", "url = ldap://a,", "  ldap://b", "user_filter = (a=b)", "use_tls=true", "; more", "suffix: \"dc=x\""]);
        options["identity"]["driver"].GetString().ShouldBe("ldap");
        var ldap = DomainDirectories.Apply(new LdapSettings(), options["ldap"]);
        (ldap.Url, ldap.UserFilter, ldap.UseTls, ldap.Suffix).ShouldBe(("ldap://a,ldap://b", "(a=b)", true, "dc=x"));
        Should.Throw<FormatException>(() => DomainConfigFiles.Parse(["url = x"]));
        Should.Throw<FormatException>(() => DomainConfigFiles.Parse(["[ldap]", "nonsense"]));
        DomainConfigFiles.Read("/", "../etc/passwd").ShouldBeNull();
    }

    [Theory]
    [InlineData("page_size", "many")]
    [InlineData("page_size", "-5")]
    [InlineData("use_tls", "perhaps")]
    [InlineData("query_scope", "all")]
    [InlineData("tls_req_cert", "sometimes")]
    [InlineData("pool_size", "0")]
    [InlineData("pool_retry_delay", "x")]
    [InlineData("nope", "1")]
    public void Apply_ValueThatIsNone_IsToldByTheOption(string option, string value) =>
        Should.Throw<FormatException>(() => DomainDirectories.Apply(new LdapSettings(), new Dictionary<string, JsonElement> { [option] = JsonSerializer.SerializeToElement(value) })).Message.ShouldContain(option == "pool_size" ? "pools" : option);
}
