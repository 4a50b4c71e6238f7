// Writes to two files as one step, and applies a patch: Example GAME PATCH
using System;
using System.Text;
using Untorn;

internal static class Example
{
    private static int Main(string[] args)
    {
        int calls = 0;
        string applied = Game.Apply(args[0], args[1], new UpdateOptions { Flags = 64 /* unsigned */, Progress = (phase, done, total) => calls++ });
        if (!applied.Contains("\"outcome\":\"applied\"") || calls == 0) return 1;
        if (!Game.Verify(args[0]).Contains("\"intact\":true")) return 2;
        using (var changes = new Changes(args[0]))
        {
            changes.WriteAt("saves/one.sav", 0, Encoding.UTF8.GetBytes("level 3"));
            changes.WriteAt("saves/index", 0, Encoding.UTF8.GetBytes("one.sav"));
            changes.Commit();
        }
        try { Game.Apply(args[0], args[0], null); return 3; }
        catch (UntornException error) { if (error.Status == 0) return 4; }
        try
        {
            Game.Verify(args[0], new UpdateOptions { ShouldStop = () => throw new InvalidOperationException("mine") });
        }
        catch (InvalidOperationException error) { Console.WriteLine("a callback threw: " + error.Message); }
        Console.WriteLine("updated");
        return 0;
    }
}
