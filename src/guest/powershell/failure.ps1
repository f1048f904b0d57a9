# From whatever a function threw to the error of the run.
$script:LongestMessage = 16384
$script:MostLines = 50
$script:LongestLine = 500
$script:DeepestCause = 10
$script:Refusal = 'Invalid function file or handler'
$script:Folder = ''
# The lines of the handler that were changed: {Path, Line, Text, Column, Added}. See MarkReturns.
$script:Marks = @()

# Paths as their author knows them.
function OwnPath([string] $text) { if ($script:Folder) { $text.Replace("$script:Folder/", '') } else { $text } }

# PowerShell wraps what a method of .NET throws; the caller's mistake lies inside.
function Unwrapped([Exception] $exception) {
    while ($exception.InnerException -and $exception -is [Management.Automation.RuntimeException]) { $exception = $exception.InnerException }
    $exception
}

# The message with its reasons.
function MessageOf([Exception] $exception) {
    $text = $exception.Message
    $cause = $exception
    for ($depth = 0; $depth -lt $script:DeepestCause; $depth++) {
        $inner = if ($cause -is [AggregateException]) { @($cause.InnerExceptions) } else { @($cause.InnerException) }
        foreach ($one in $inner) { if ($one -and -not $text.Contains($one.Message)) { $text += ": $($one.Message)" } }
        $cause = $cause.InnerException
        if (-not $cause) { break }
    }
    $text
}

function IsInputError([Exception] $exception) { $exception -is [ArgumentException] -or $exception.GetType().Name -eq 'InputError' }

# Where it was. In a line of the handler that holds a marked `return` the author's own line is shown, not the marked one.
function PlaceOf($info) {
    $marks = @($script:Marks | Where-Object { $_.Line -eq $info.ScriptLineNumber -and $_.Path -eq $info.ScriptName })
    if ($marks.Count -eq 0) { return "$($info.PositionMessage)" }
    $column = $info.OffsetInLine
    foreach ($mark in $marks) { if ($info.OffsetInLine -gt $mark.Column) { $column = [Math]::Max($mark.Column, $column - $mark.Added) } }
    "At $($info.ScriptName):$($info.ScriptLineNumber) char:$column`n+ $($marks[0].Text.Trim())"
}

# What was thrown that is no text and no error: as JSON, where its text would be the name of its class.
function ThrownValue($record) {
    $thrown = $record.TargetObject
    if ($record.Exception -isnot [Management.Automation.RuntimeException] -or -not $record.Exception.WasThrownFromThrowStatement) { return $null }
    if ($null -eq $thrown -or $thrown -is [string] -or $thrown -is [ValueType] -or $thrown -is [Exception]) { return $null }
    try { ToJson $thrown } catch { $null }
}

function TraceOf($record) {
    $place = PlaceOf $record.InvocationInfo
    $lines = @("$((Unwrapped $record.Exception).GetType().FullName): $($record.Exception.Message)") + ($place -split "`n") + ("$($record.ScriptStackTrace)" -split "`n")
    @($lines | Where-Object { $_ -and $_ -notmatch '/powershell/(main|[a-z]+)\.ps1: line|<ScriptBlock>, <No file>' } | ForEach-Object { OwnPath $_ })
}

function FailureJson([string] $type, [string] $message, $trace) {
    $short = @($trace | Where-Object { $_ } | Select-Object -First $script:MostLines | ForEach-Object { if ($_.Length -gt $script:LongestLine) { $_.Substring(0, $script:LongestLine) } else { $_ } })
    if ($message.Length -gt $script:LongestMessage) { $message = $message.Substring(0, $script:LongestMessage) }
    $script:Utf8.GetBytes((ConvertTo-Json -InputObject @{ type = $type; message = $message; stacktrace = $short } -Compress -Depth 3))
}

function FailureOf($record) {
    $exception = Unwrapped $record.Exception
    $type = if (IsInputError $exception) { 'InputError' } else { 'FunctionError' }
    $thrown = ThrownValue $record
    $message = if ($thrown) { $thrown } elseif ($exception -is [Management.Automation.RuntimeException]) { "$record" } else { MessageOf $exception }
    FailureJson $type $message (TraceOf $record)
}
