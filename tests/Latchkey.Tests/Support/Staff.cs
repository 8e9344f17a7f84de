using System.Net.Http.Headers;
using Latchkey.Domain.Pricing;
using Latchkey.Server.Features.Accounts;
using Latchkey.Server.Features.Places;
using Microsoft.Extensions.DependencyInjection;

namespace Latchkey.Tests.Support;

/// <summary>People who work at sites, and what they set there.</summary>
internal static class Staff
{
    /// <summary>Somebody with a role; an operator works at the sites that are named.</summary>
    public static async Task<TestPerson> GivenStaff(this LatchkeyApp app, string role, params SitePlace[] sites)
    {
        TestPerson person = await app.Quick();
        DateTimeOffset now = app.Time.GetUtcNow();
        await app.Sql<int>("update person set role = @role where id = @Id", new { role, person.Id });
        foreach (SitePlace site in sites)
            await app.Sql<int>("insert into site_staff (person_id, site_id, since) values (@person, @site, @now)", new { person = person.Id, site = site.Id, now });
        person.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", app.Services.GetRequiredService<AccessTokens>().Issue(new Caller(person.Id, role), now).Token);
        return person;
    }

    /// <summary>The site charges this from now on, as if it had been set long ago.</summary>
    public static async Task GivenTariff(this LatchkeyApp app, SitePlace site, Func<Tariff, Tariff> change)
    {
        string tariff = System.Text.Json.JsonSerializer.Serialize(change(site.TariffAt(app.Time.GetUtcNow())), Latchkey.Server.Hosting.Json.Options);
        await app.Sql<int>("update site_tariff set tariff = @tariff::jsonb where site_id = @Id", new { site.Id, tariff });
        await app.Places.Reload(CancellationToken.None);
    }
}
