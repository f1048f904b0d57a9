# What a worker rehearses with (rehearsal.ps1).
function handle($context, $payload) {
    if (-not $payload) { return $context.runId }
    Write-Host "hello $($payload.name)"
    @{ name = $payload.name; items = @($payload.items | Where-Object { $_ }) }
}
