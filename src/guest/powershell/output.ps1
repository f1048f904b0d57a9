# The function's streams, and the markers that end the output of a run (PROTOCOL.md).
# PowerShell's six streams become two: what is said to people goes to stdout, what warns or explains to stderr.

function OpenOutputs {
    $script:Out = [Console]::OpenStandardOutput()
    $script:Err = [Console]::OpenStandardError()
}

function WriteMarker([string] $marker, [uint32] $number) {
    [Console]::Out.Flush()
    [Console]::Error.Flush()
    $bytes = $script:Utf8.GetBytes(("`0{0}:{1:x8}`n" -f $marker, $number))
    foreach ($stream in $script:Out, $script:Err) {
        try { $stream.Write($bytes, 0, $bytes.Length); $stream.Flush() } catch { } # closed by the function
    }
}

# What PowerShell would show of a value.
function Shown($value) { if ($value -is [string]) { $value } else { ($value | Out-String).TrimEnd() } }

function ErrorLines($record) {
    $where = PlaceOf $record.InvocationInfo
    $text = if ($record.FullyQualifiedErrorId -eq 'NativeCommandErrorMessage' -or $record.FullyQualifiedErrorId -eq 'NativeCommandError') { $record.Exception.Message }
    else { "$($record.InvocationInfo.MyCommand): $($record.Exception.Message)".TrimStart(': ') }
    if ($record.FullyQualifiedErrorId -like 'NativeCommandError*' -or -not $where) { $text } else { "$text`n$(OwnPath $where)" }
}

# Writes a record of another stream than the output (warnings, errors ...); true when it was one.
function WriteRecord($item) {
    if ($item -is [Management.Automation.InformationRecord]) {
        $data = $item.MessageData
        if ($data -is [Management.Automation.HostInformationMessage] -and $data.NoNewLine) { [Console]::Out.Write($data.Message) }
        else { [Console]::Out.WriteLine([string]$item) }
    }
    elseif ($item -is [Management.Automation.ErrorRecord]) { [Console]::Error.WriteLine((ErrorLines $item)) }
    elseif ($item -is [Management.Automation.WarningRecord]) { [Console]::Error.WriteLine("WARNING: $($item.Message)") }
    elseif ($item -is [Management.Automation.VerboseRecord]) { [Console]::Error.WriteLine("VERBOSE: $($item.Message)") }
    elseif ($item -is [Management.Automation.DebugRecord]) { [Console]::Error.WriteLine("DEBUG: $($item.Message)") }
    else { return $false }
    return $true
}

# For the time while the script is loaded: everything goes to the log, nothing is a result.
function Write-DispatchStream {
    process { if (-not (WriteRecord $_)) { [Console]::Out.WriteLine((Shown $_)) } }
}

# For the time while the handler runs: its output is kept, because only the end tells whether it is the result.
function Receive-DispatchOutput($state) {
    process { if (-not (WriteRecord $_)) { $state.Outputs.Add($_) } }
}
