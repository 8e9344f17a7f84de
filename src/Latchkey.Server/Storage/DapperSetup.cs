using System.Data;
using Dapper;

namespace Latchkey.Server.Storage;

/// <summary>How rows become objects: names_with_underscores match, instants are UTC.</summary>
internal static class DapperSetup
{
    private static readonly Lazy<bool> Done = new(() =>
    {
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        SqlMapper.RemoveTypeMap(typeof(DateTimeOffset));
        SqlMapper.RemoveTypeMap(typeof(DateTimeOffset?));
        SqlMapper.AddTypeHandler(new InstantHandler());
        return true;
    });

    public static void Once() => _ = Done.Value;

    private sealed class InstantHandler : SqlMapper.TypeHandler<DateTimeOffset>
    {
        public override void SetValue(IDbDataParameter parameter, DateTimeOffset value) => parameter.Value = value.ToUniversalTime();

        public override DateTimeOffset Parse(object value) => value switch
        {
            DateTime utc => new DateTimeOffset(DateTime.SpecifyKind(utc, DateTimeKind.Utc)),
            DateTimeOffset instant => instant,
            _ => throw new DataException($"{value.GetType().Name} is not an instant."),
        };
    }
}
