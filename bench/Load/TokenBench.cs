#pragma warning disable RS0030 // It measures time.
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Nephos.Host;
using Nephos.Kernel.Api;
using Nephos.Kernel.Auth;
using Nephos.Kernel.Store;

namespace Nephos.Bench;

/// <summary>The validator as the request pipeline calls it.</summary>
internal static class TokenBench
{
    public static async Task<string> RunAsync()
    {
        var state = Directory.CreateTempSubdirectory("nephos-bench-").FullName;
        try
        {
            var app = CloudHost.Build(
                new CloudOptions { Facts = new CloudFacts { StateDirectory = state, PublicUrl = "http://127.0.0.1:8791", AdminPassword = "x" }, Store = new StoreOptions { Directory = Path.Combine(state, "db") } },
                builder =>
                {
                    builder.WebHost.UseKestrelCore();
                    builder.WebHost.UseUrls("http://127.0.0.1:8791");
                });
            await using (app)
            {
                await CloudHost.PrepareAsync(app);
                await app.StartAsync();
                using var http = new HttpClient { BaseAddress = new Uri("http://127.0.0.1:8791") };
                var domain = new { id = "default" };
                using var answer = await http.PostAsJsonAsync("/identity/v3/auth/tokens", new
                {
                    auth = new { identity = new { methods = new[] { "password" }, password = new { user = new { name = "admin", domain, password = "x" } } }, scope = new { project = new { name = "admin", domain } } },
                });
                var token = answer.Headers.GetValues("X-Subject-Token").Single();
                var validator = app.Services.GetRequiredService<ITokenValidator>();
                for (var i = 0; i < 20_000; i++) { await validator.ValidateAsync(token, default); }
                const int Count = 500_000;
                var watch = Stopwatch.StartNew();
                for (var i = 0; i < Count; i++) { await validator.ValidateAsync(token, default); }
                var each = watch.Elapsed.TotalMicroseconds / Count;
                await app.StopAsync();
                return each.ToString("0.00", CultureInfo.InvariantCulture) + " us";
            }
        }
        finally
        {
            Directory.Delete(state, recursive: true);
        }
    }
}
