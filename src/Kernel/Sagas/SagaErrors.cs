namespace Nephos.Kernel.Sagas;

/// <summary>Another saga works on the resource; services answer it as upstream's 409.</summary>
public sealed class ResourceBusyException(string resource) : Exception($"{resource} is being worked on");

/// <summary>Another process took the saga over; this one must not write any more.</summary>
public sealed class SagaLostException(string id) : Exception($"saga {id} has another owner");
