# Calls the handler as a test asks, with one call a line of standard input: {"context", "payload"}; each answer is a line as well:
# {"output"} or {"type", "message"}.
. "$PSScriptRoot/hardenvm.ps1"
while ($null -ne ($line = [Console]::In.ReadLine())) {
    $given = ConvertFrom-Json $line
    try { $answer = @{ output = (handle $given.context $given.payload | Select-Object -Last 1) } }
    catch {
        $exception = $_.Exception
        while ($exception.InnerException -and $exception -is [Management.Automation.RuntimeException]) { $exception = $exception.InnerException }
        $answer = @{ type = $exception.GetType().Name; message = $exception.Message }
    }
    [Console]::Error.WriteLine((ConvertTo-Json -InputObject $answer -Compress -Depth 5))
}
