using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace Nephos.Kernel.Wire;

/// <summary>
/// Whether the texts of a JSON body are texts. The parser takes any bytes between quotation marks and fails when a text is first looked at, wherever that is: bytes that are no UTF-8, and escaped halves of
/// surrogate pairs (<c>\ud800</c>), which no Unicode text holds.
/// </summary>
internal static class WireText
{
    public static bool IsText(JsonElement root)
    {
        var raw = JsonMarshal.GetRawUtf8Value(root);
        return Utf8.IsValid(raw) && (raw.IndexOf("\\u"u8) < 0 || EscapesAreText(raw));
    }

    private static bool EscapesAreText(ReadOnlySpan<byte> raw)
    {
        var reader = new Utf8JsonReader(raw);
        try
        {
            while (reader.Read())
            {
                if (reader.ValueIsEscaped) { reader.GetString(); }
            }
            return true;
        }
        catch (InvalidOperationException) { return false; } // a half of a pair
    }
}
