using System.Net;
using System.Text.Json.Nodes;

namespace Hita.Hub.Pushing;

/// <summary>The repository and the branch that a push goes to, made where they are not there.</summary>
internal sealed class PushTarget(HubClient hub, PushRequests requests, HubReference target, bool isPrivate)
{
    /// <summary>Makes what is missing, and says what is there.</summary>
    /// <exception cref="HubException">It may not be made, is public where it must not be, or the hub does not answer.</exception>
    public async Task<HubSnapshot> ReadyAsync(CancellationToken cancellation)
    {
        var there = await TryListAsync(cancellation).ConfigureAwait(false) ?? await MakeAsync(cancellation).ConfigureAwait(false);
        // Before anything is sent: what was public for a moment is public.
        return isPrivate && there.IsPrivate is false
            ? throw new HubException($"{target.Repository} is public, and --private was asked for; nothing was sent: change it in its settings on {hub.Settings.Endpoint.Host}, or name another repository.")
            : there;
    }

    // Null where there is no such repository, or no such branch.
    private async Task<HubSnapshot?> TryListAsync(CancellationToken cancellation)
    {
        try
        {
            return await hub.ListAsync(target, cancellation).ConfigureAwait(false);
        }
        catch (HubException e) when (e.Status == HttpStatusCode.NotFound)
        {
            if (e.ErrorCode != "RevisionNotFound")
                await MakeRepositoryAsync(cancellation).ConfigureAwait(false);
            return null;
        }
        catch (HubException e) when (e.Status == HttpStatusCode.Unauthorized)
        {
            throw new HubException($"{hub.Settings.Endpoint.Host} refuses the token in HF_TOKEN: it is wrong or has run out; make a new one, with permission to write, in the settings there.", e.Status);
        }
    }

    private async Task<HubSnapshot> MakeAsync(CancellationToken cancellation)
    {
        if (target.Revision != "main")
        {
            // Another push may have made it meanwhile.
            await requests.PostAsync(
                $"api/models/{target.Repository}/branch/{Uri.EscapeDataString(target.Revision)}", new JsonObject(), cancellation, HttpStatusCode.Conflict).ConfigureAwait(false);
        }
        return await hub.ListAsync(target, cancellation).ConfigureAwait(false);
    }

    private async Task MakeRepositoryAsync(CancellationToken cancellation)
    {
        var parts = target.Repository.Split('/');
        var body = new JsonObject { ["type"] = "model", ["organization"] = parts[0], ["name"] = parts[1] };
        if (isPrivate)
            body["visibility"] = "private";
        await requests.PostAsync("api/repos/create", body, cancellation, HttpStatusCode.Conflict).ConfigureAwait(false);
    }
}
