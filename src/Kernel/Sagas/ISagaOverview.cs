namespace Nephos.Kernel.Sagas;

/// <summary>What <c>nephos status</c> asks of each service's engine.</summary>
public interface ISagaOverview
{
    string Service { get; }
    Task<List<SagaRow>> ActiveAsync(CancellationToken cancel);
    Task<bool> ResumeAsync(string id, CancellationToken cancel);
}
