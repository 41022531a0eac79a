using System.Net;
using Nephos.Kernel.Api;

namespace Nephos.Keystone.Federation.Websso;

/// <summary>The pages of a browser's login. The form is that of upstream's <c>sso_callback_template.html</c>: dashboards wait for a POST with <c>token</c>.</summary>
internal static class WebssoPages
{
    /// <summary>Hands the token to the dashboard at once, or by a click where there are no scripts.</summary>
    public static Reply Form(string host, string token) => Page("Keystone WebSSO redirect", $"""
        <form id="sso" name="sso" action="{WebUtility.HtmlEncode(host)}" method="post">
          Please wait...
          <br>
          <input type="hidden" name="token" id="token" value="{WebUtility.HtmlEncode(token)}">
          <noscript>
            <input type="submit" name="submit_no_javascript" id="submit_no_javascript" value="If your JavaScript is disabled, please click to continue">
          </noscript>
        </form>
        <script>window.onload = function() {"{"} document.forms['sso'].submit(); {"}"}</script>
        """);

    /// <summary>Which identity provider, when there are several.</summary>
    public static Reply Choice(IEnumerable<(string Name, string Address)> providers) => Page("Log in with", "<ul>" + string.Concat(providers.Select(p => $"<li><a href=\"{WebUtility.HtmlEncode(p.Address)}\">{WebUtility.HtmlEncode(p.Name)}</a></li>")) + "</ul>");

    private static Reply Page(string title, string body) => Reply.Text($"""
        <!DOCTYPE html>
        <html lang="en">
          <head>
            <meta charset="utf-8">
            <title>{title}</title>
          </head>
          <body>
        {body}
          </body>
        </html>
        """, "text/html; charset=utf-8", 200).With("Cache-Control", "no-store").With("Referrer-Policy", "no-referrer").With("X-Content-Type-Options", "nosniff");
}
