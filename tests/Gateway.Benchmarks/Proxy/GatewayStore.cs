using System.Data.Common;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Gateway.Benchmarks.Proxy;

/// <summary>A gateway's store, read while no gateway uses it.</summary>
internal sealed class GatewayStore(Func<DbConnection> connect)
{
    private const string Query = "select count(*), count(*) filter (where status = 'COMPLETE') from generation";

    public static GatewayStore Sqlite(string file) => new(() => new SqliteConnection($"Data Source={file};Mode=ReadWrite;Pooling=false"));

    public static GatewayStore PostgreSql(string connection) => new(() => new NpgsqlConnection(connection + ";Pooling=false"));

    /// <summary>Generations, and those of them that have ended with an image.</summary>
    public (long All, long Complete) Count()
    {
        using var connection = connect();
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = Query;
        using var reader = command.ExecuteReader();
        reader.Read();
        return (reader.GetInt64(0), reader.GetInt64(1));
    }
}
