# Runs invocations one at a time in the order of arrival.
$script:Queue = [Collections.Generic.List[object]]::new()

function Send-DispatchReady {
    OpenOutputs
    # The first use of the cmdlets is slow, and no run is to pay for it.
    $null = ToJson (FromJson '{"warm":[1]}')
    $null = 'warm' | Out-String
    SendFrame $script:Frame.Ready 0 $script:Nothing
}

function HearFrame($frame) {
    if ($frame.Kind -eq $script:Frame.Invoke) { $script:Queue.Add($frame) }
    elseif ($frame.Kind -eq $script:Frame.Probe) { SendFrame $script:Frame.Idle 0 $script:Nothing }
    elseif ($frame.Kind -eq $script:Frame.Cancel) {
        $waiting = $script:Queue.FindIndex([Predicate[object]] { param($one) $one.Number -eq $frame.Number })
        if ($waiting -lt 0) { return }
        $script:Queue.RemoveAt($waiting)
        SendFrame $script:Frame.Cancelled $frame.Number $script:Nothing
    }
}

# Waits for an invocation; what has arrived by then is heard first, for a cancel may be among it.
function Wait-DispatchRun {
    do {
        while ($script:Queue.Count -eq 0 -or (HasArrived)) { HearFrame (ReceiveFrame) }
    } until ($script:Queue.Count -gt 0)
    $frame = $script:Queue[0]
    $script:Queue.RemoveAt(0)
    SendFrame $script:Frame.Started $frame.Number $script:Nothing
    $envelope = SplitEnvelope $frame.Body
    @{ Number = $frame.Number; Context = (FromJson $envelope.Context); Payload = (FromJson $envelope.Payload) }
}

function Start-DispatchRun($state) {
    $state.Outputs.Clear()
    $state.Returned = $false
    $state.Value = $null
    $state.Failure = $null
    $global:Error.Clear()
    $global:LASTEXITCODE = 0
}

function Set-DispatchFailure($state, $record) { $state.Failure = FailureOf $record }

# With a `return` its value alone is the result, and earlier output belongs to the log; without one all output is the result.
function ResultOf($state) {
    if ($state.Returned) {
        foreach ($item in $state.Outputs) { [Console]::Out.WriteLine((Shown $item)) }
        return , $state.Value
    }
    if ($state.Outputs.Count -eq 0) { return $null }
    if ($state.Outputs.Count -eq 1) { return , $state.Outputs[0] }
    return , $state.Outputs.ToArray()
}

function Complete-DispatchRun($state) {
    $kind = $script:Frame.Error
    $body = $state.Failure
    if (-not $body) {
        try {
            $body = $script:Utf8.GetBytes((ToJson (ResultOf $state)))
            $limit = $state.Header.maxOutputBytes
            if ($body.Length -gt $limit) { throw "it is longer than the limit of $limit bytes" }
            $kind = $script:Frame.Result
        }
        catch { $body = FailureJson 'FunctionError' "the result cannot be written as JSON: $_" @() }
    }
    $line = EndLeftovers
    if ($line) { [Console]::Error.WriteLine($line) }
    WriteMarker $state.Header.marker $state.Run.Number
    SendFrame $kind $state.Run.Number $body
}
