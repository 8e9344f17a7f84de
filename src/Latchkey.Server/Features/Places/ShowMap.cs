using Latchkey.Server.Hosting.Face;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Latchkey.Server.Features.Places;

/// <summary>A page that draws a map asks what to draw it with.</summary>
public static class ShowMap
{
    /// <param name="Tiles">The address of a map's pictures with {z}, {x} and {y} in it; null: draw a schematic map, with distances.</param>
    /// <param name="Credit">What must stand on the map then.</param>
    public sealed record MapView(string? Tiles, string? Credit);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/map", Handle).WithName("ShowMap");

    private static Ok<MapView> Handle(FaceOptions face) => TypedResults.Ok(new MapView(face.Tiles?.Address, face.Tiles?.Credit));
}
