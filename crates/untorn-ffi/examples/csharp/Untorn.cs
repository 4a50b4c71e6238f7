// untorn for C#, also under Unity's IL2CPP: errors as exceptions, handles that close themselves, callbacks that may throw.
//
// Put it beside Native.cs, and untorn_ffi.dll (libuntorn_ffi.so, libuntorn_ffi.dylib) where native libraries are found.
using System;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;
using Untorn.Interop;
#if ENABLE_IL2CPP || UNITY_5_3_OR_NEWER
using AOT;
#endif

namespace Untorn
{
#if !(ENABLE_IL2CPP || UNITY_5_3_OR_NEWER)
    /// <summary>Where there is no IL2CPP, the mark does nothing.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    internal sealed class MonoPInvokeCallbackAttribute : Attribute
    {
        public MonoPInvokeCallbackAttribute(Type type) { }
    }
#endif

    /// <summary>What a call failed of: Json is the `error` of docs/json.md.</summary>
    public sealed class UntornException : Exception
    {
        public int Status { get; }
        public string Json { get; }
        public UntornException(int status, string json) : base(json) { Status = status; Json = json; }
    }

    /// <summary>What a call may be told. Callbacks come on threads of the library: post to the main thread yourself.</summary>
    public sealed class UpdateOptions
    {
        public uint Flags;
        public uint Jobs;
        public uint Extent;
        public byte[] Root;
        public string Source;
        public string Channel;
        public Action<uint, ulong, ulong> Progress;
        public Func<bool> ShouldStop;
    }

    /// <summary>The choices as C has them, for the time of a call.</summary>
    internal sealed class Lent : IDisposable
    {
        // The delegates live as long as the program, so the library can never call one that was collected.
        private static readonly Progress OnProgressDelegate = OnProgress;
        private static readonly ShouldStop OnShouldStopDelegate = OnShouldStop;

        private readonly UpdateOptions options;
        private GCHandle self;
        private IntPtr root, source, channel, view;
        private ExceptionDispatchInfo thrown;
        internal Options Raw;

        internal Lent(UpdateOptions options)
        {
            this.options = options ?? new UpdateOptions();
            self = GCHandle.Alloc(this);
            Raw.StructSize = (uint)Marshal.SizeOf(typeof(Options));
            Raw.Flags = this.options.Flags;
            Raw.Jobs = this.options.Jobs;
            Raw.Extent = this.options.Extent;
            Raw.Progress = Marshal.GetFunctionPointerForDelegate(OnProgressDelegate);
            Raw.ShouldStop = Marshal.GetFunctionPointerForDelegate(OnShouldStopDelegate);
            Raw.User = GCHandle.ToIntPtr(self);
            root = Copy(this.options.Root ?? new byte[0], out Raw.RootLen);
            Raw.Root = root;
            Raw.Channel.Data = channel = Copy(Utf8(this.options.Channel), out Raw.Channel.Len);
            if (this.options.Source != null)
            {
                View one;
                one.Data = source = Copy(Utf8(this.options.Source), out one.Len);
                view = Marshal.AllocHGlobal(Marshal.SizeOf(typeof(View)));
                Marshal.StructureToPtr(one, view, false);
                Raw.Sources = view;
                Raw.SourcesLen = (UIntPtr)1;
            }
        }

        internal static byte[] Utf8(string text) { return Encoding.UTF8.GetBytes(text ?? ""); }

        private static IntPtr Copy(byte[] bytes, out UIntPtr len)
        {
            len = (UIntPtr)bytes.Length;
            if (bytes.Length == 0) return IntPtr.Zero;
            IntPtr at = Marshal.AllocHGlobal(bytes.Length);
            Marshal.Copy(bytes, 0, at, bytes.Length);
            return at;
        }

        [MonoPInvokeCallback(typeof(Progress))]
        private static void OnProgress(IntPtr user, uint phase, ulong done, ulong total)
        {
            var lent = (Lent)GCHandle.FromIntPtr(user).Target;
            try { lent.options.Progress?.Invoke(phase, done, total); }
            catch (Exception error) { lent.thrown = ExceptionDispatchInfo.Capture(error); }
        }

        [MonoPInvokeCallback(typeof(ShouldStop))]
        private static int OnShouldStop(IntPtr user)
        {
            var lent = (Lent)GCHandle.FromIntPtr(user).Target;
            if (lent.thrown != null) return 1;
            try { return lent.options.ShouldStop != null && lent.options.ShouldStop() ? 1 : 0; }
            catch (Exception error) { lent.thrown = ExceptionDispatchInfo.Capture(error); return 1; }
        }

        internal string Answer(int status, ref Text answer, int also = Native.Ok)
        {
            string json = Take(ref answer);
            thrown?.Throw();
            if (status != Native.Ok && status != also) throw new UntornException(status, json);
            return json;
        }

        internal static string Take(ref Text answer)
        {
            var bytes = new byte[(int)answer.Len];
            if (bytes.Length > 0) Marshal.Copy(answer.Data, bytes, 0, bytes.Length);
            Native.untorn_free(ref answer);
            return Encoding.UTF8.GetString(bytes);
        }

        public void Dispose()
        {
            self.Free();
            foreach (IntPtr at in new[] { root, source, channel, view }) Marshal.FreeHGlobal(at);
        }
    }

    /// <summary>Operations on a directory that is not open. Each answers with JSON, as docs/json.md has it.</summary>
    public static class Game
    {
        public static string Update(string dir, UpdateOptions options = null)
        {
            byte[] path = Lent.Utf8(dir);
            var answer = new Text();
            using (var lent = new Lent(options))
                return lent.Answer(Native.untorn_update(path, (UIntPtr)path.Length, ref lent.Raw, ref answer), ref answer);
        }

        public static string Apply(string dir, string patch, UpdateOptions options = null)
        {
            byte[] path = Lent.Utf8(dir), file = Lent.Utf8(patch);
            var answer = new Text();
            using (var lent = new Lent(options))
                return lent.Answer(Native.untorn_apply(path, (UIntPtr)path.Length, file, (UIntPtr)file.Length, ref lent.Raw, ref answer), ref answer);
        }

        /// <summary>Damage is an answer, not an error: see `intact`.</summary>
        public static string Verify(string dir, UpdateOptions options = null)
        {
            byte[] path = Lent.Utf8(dir);
            var answer = new Text();
            using (var lent = new Lent(options))
                return lent.Answer(Native.untorn_verify(path, (UIntPtr)path.Length, ref lent.Raw, ref answer), ref answer, Native.Damage);
        }
    }

    /// <summary>An open tree with a set of changes: all of them at Commit, or none.</summary>
    public sealed class Changes : IDisposable
    {
        private ulong tree;

        public Changes(string dir)
        {
            byte[] path = Lent.Utf8(dir);
            var answer = new Text();
            using (var lent = new Lent(null))
            {
                lent.Answer(Native.untorn_open(path, (UIntPtr)path.Length, ref lent.Raw, out tree, ref answer), ref answer);
                // Its callbacks would outlive `lent`.
                lent.Raw.Progress = lent.Raw.ShouldStop = IntPtr.Zero;
                try { lent.Answer(Native.untorn_begin(tree, ref lent.Raw, ref answer), ref answer); }
                catch { Dispose(); throw; }
            }
        }

        public void WriteAt(string file, ulong offset, byte[] data)
        {
            byte[] path = Lent.Utf8(file);
            var answer = new Text();
            Check(Native.untorn_write_at(tree, path, (UIntPtr)path.Length, offset, data, (UIntPtr)data.Length, ref answer), ref answer);
        }

        /// <summary>After this returns, all of it is done, and durable.</summary>
        public void Commit()
        {
            var answer = new Text();
            Check(Native.untorn_commit(tree, ref answer), ref answer);
        }

        private static void Check(int status, ref Text answer)
        {
            string json = Lent.Take(ref answer);
            if (status != Native.Ok) throw new UntornException(status, json);
        }

        public void Dispose()
        {
            if (tree == 0) return;
            var answer = new Text();
            Native.untorn_close(tree, ref answer);
            Native.untorn_free(ref answer);
            tree = 0;
        }
    }
}
