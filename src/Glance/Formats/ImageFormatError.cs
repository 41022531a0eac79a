namespace Nephos.Glance.Formats;

/// <summary>An image's content is not what it claims, or would make its user open other files.</summary>
public sealed class ImageFormatException(string message) : Exception(message);
