using System.Xml;
using Nephos.Keystone.Federation.Saml;
using Nephos.Testing;
using Shouldly;
using Xunit;
using static Nephos.Keystone.Tests.Make;

namespace Nephos.Keystone.Tests.Federation;

/// <summary>Signatures that are good for something else, or for nothing.</summary>
public sealed partial class SamlLoginTests
{
    /// <summary>A good assertion, moved aside, with another in its place: each known way to have one checked and the other read.</summary>
    [Fact]
    public async Task Answer_WrappedSignatures_Are401()
    {
        var (id, relay, cookie) = await Start();
        XmlDocument Fresh() => cloud.Idp.Make(Good(id));
        static XmlElement AssertionOf(XmlDocument d) => d.DocumentElement!.Child("Assertion", SamlXml.Assertion)!;
        static XmlElement Evil(XmlDocument d, bool sameId)
        {
            var evil = (XmlElement)AssertionOf(d).CloneNode(true);
            evil.RemoveChild(evil.Child("Signature", "http://www.w3.org/2000/09/xmldsig#")!);
            if (!sameId) { evil.SetAttribute("ID", "_evil"); }
            evil.Child("Subject", SamlXml.Assertion)!.Child("NameID", SamlXml.Assertion)!.InnerText = "admin";
            return evil;
        }
        static XmlElement Box(XmlDocument d, XmlElement inner)
        {
            var box = d.CreateElement("samlp", "Extensions", SamlXml.Protocol);
            box.AppendChild(inner);
            return box;
        }
        var attacks = new Dictionary<string, Action<XmlDocument>>
        {
            ["two assertions, evil first"] = d => d.DocumentElement!.InsertBefore(Evil(d, false), AssertionOf(d)),
            ["two assertions, evil last"] = d => d.DocumentElement!.AppendChild(Evil(d, false)),
            ["the good one in extensions"] = d => { var good = AssertionOf(d); var evil = Evil(d, false); d.DocumentElement!.ReplaceChild(evil, good); d.DocumentElement.AppendChild(Box(d, good)); },
            ["the same id"] = d => { var good = AssertionOf(d); var evil = Evil(d, true); d.DocumentElement!.ReplaceChild(evil, good); d.DocumentElement.AppendChild(Box(d, good)); },
            ["the good one within the evil one's signature"] = d =>
            {
                var good = AssertionOf(d);
                var evil = Evil(d, false);
                var signature = (XmlElement)good.Child("Signature", "http://www.w3.org/2000/09/xmldsig#")!.CloneNode(true);
                d.DocumentElement!.ReplaceChild(evil, good);
                evil.InsertAfter(signature, evil.FirstChild);
                var data = d.CreateElement("ds", "Object", "http://www.w3.org/2000/09/xmldsig#");
                data.AppendChild(good);
                signature.AppendChild(data);
            },
            ["changed name"] = d => AssertionOf(d).Child("Subject", SamlXml.Assertion)!.Child("NameID", SamlXml.Assertion)!.InnerText = "admin",
            ["changed end"] = d => AssertionOf(d).Child("Conditions", SamlXml.Assertion)!.SetAttribute("NotOnOrAfter", "2099-01-01T00:00:00Z"),
        };
        foreach (var (what, attack) in attacks)
        {
            var document = Fresh();
            attack(document);
            (await Post(document.OuterXml, relay, cookie)).Status.ShouldBe(401, what);
        }
        // A comment changes neither the signature nor the name that is read.
        var commented = cloud.Idp.Make(Good(id) with { NameId = "ann.evil" });
        var name = AssertionOf(commented).Child("Subject", SamlXml.Assertion)!.Child("NameID", SamlXml.Assertion)!;
        name.InnerXml = "ann<!-- x -->.evil";
        var page = (await Post(commented.OuterXml, relay, cookie)).Is(200);
        var token = page.Text.Split("id=\"token\" value=\"")[1].Split('"')[0];
        (await cloud.Admin.Send(HttpMethod.Get, $"{V3}/auth/tokens", null, ("X-Subject-Token", token))).Is(200)["token"]["user"]!["name"]!.ToString().ShouldBe("ann.evil");
    }

    /// <summary>Each text, attribute and element of a signature made worthless in turn: never an error of ours, and never a good one, except where it speaks of its key, which nobody believes.</summary>
    [Fact]
    public async Task Answer_AnyPlaceOfTheSignatureSpoilt_IsNotSigned()
    {
        var (id, relay, cookie) = await Start();
        string[] worthless = [" ", "!", "A", "====", "x:y", "http://[", "#", "-1", "9999999999999999999999", "\u00e9", "http://www.w3.org/TR/1999/REC-xpath-19991116", "http://www.w3.org/TR/1999/REC-xslt-19991116", "http://www.w3.org/2000/09/xmldsig#base64"];
        var xml = cloud.Idp.Make(Good(id)).OuterXml;
        foreach (var (change, inKeyInfo) in Spoilings(xml))
        {
            foreach (var value in worthless)
            {
                var document = SamlXml.Parse(xml)!;
                var assertion = document.DocumentElement!.Child("Assertion", SamlXml.Assertion)!;
                change(Signature(document), value);
                var isSigned = SamlXml.IsSigned(assertion, [cloud.Idp.Certificate]);
                if (!inKeyInfo) { isSigned.ShouldBeFalse(document.OuterXml); }
            }
        }
        var unreadable = SamlXml.Parse(xml)!;
        Signature(unreadable).Child("SignatureValue", DigSig)!.InnerText = "!";
        (await Post(unreadable.OuterXml, relay, cookie)).Is(401);
        (await Post(xml, relay, cookie)).Is(200);
    }

    private const string DigSig = "http://www.w3.org/2000/09/xmldsig#";

    private static XmlElement Signature(XmlDocument document) => document.DocumentElement!.Child("Assertion", SamlXml.Assertion)!.Child("Signature", DigSig)!;

    /// <summary>What can be changed in the signature, by its place, so that each change meets a fresh document.</summary>
    private static IEnumerable<(Action<XmlElement, string> Change, bool InKeyInfo)> Spoilings(string xml)
    {
        var all = Signature(SamlXml.Parse(xml)!).SelectNodes(".//*")!.OfType<XmlElement>().ToList();
        for (var i = 0; i < all.Count; i++)
        {
            var place = i;
            var inKeyInfo = all[i].SelectSingleNode("ancestor-or-self::*[local-name()='KeyInfo']") is not null;
            XmlElement At(XmlElement signature) => (XmlElement)signature.SelectNodes(".//*")![place]!;
            yield return ((signature, value) => At(signature).InnerText = value, inKeyInfo);
            yield return ((signature, value) => { var child = At(signature).OwnerDocument.CreateElement("ds", "Transform", DigSig); child.SetAttribute("Algorithm", value); At(signature).AppendChild(child); }, true);
            foreach (var name in all[i].Attributes.OfType<XmlAttribute>().Where(a => a.Name != "xmlns" && a.Prefix != "xmlns").Select(a => a.Name)) { yield return ((signature, value) => At(signature).SetAttribute(name, value), inKeyInfo); }
        }
    }
}
