# Loads a function of its own and runs it twice, in the same way as a real one: in PowerShell the first use of almost everything is slow.
# Says nothing to the server, and the load of a function sets anew whatever it sets.
$script:PatienceMicroseconds = 100000
$script:Rehearsed = $null

# Rehearses once nobody has sent a function for a while: who waits for the worker is not to wait for this.
function Start-DispatchRehearsal {
    if ($script:Socket.Poll($script:PatienceMicroseconds, [Net.Sockets.SelectMode]::SelectRead)) { return }
    $outputs = [Console]::Out, $script:Out, $script:Err
    [Console]::SetOut([IO.TextWriter]::Null)
    $script:Out = $script:Err = [IO.Stream]::Null
    try { Rehearse } catch { } # then the first function pays for it
    [Console]::SetOut($outputs[0])
    $script:Out, $script:Err = $outputs[1, 2]
    $script:Rehearsed = $script:Kept = $null
    $script:Queue.Clear()
    $global:Error.Clear()
    # A worker may wait for long: what the rehearsal used goes back to the machine.
    [GC]::Collect(2, [GCCollectionMode]::Aggressive, $true, $true)
}

function Rehearse {
    $script:Rehearsed = RehearsedFrames
    $state = Wait-DispatchLoad
    . (Get-DispatchScript $state) *>&1 | Write-DispatchStream
    $state.Handler = Get-Command -Name $state.FunctionName -CommandType Function -ErrorAction Ignore
    Complete-DispatchLoad $state
    while ($script:Rehearsed.Count -gt 0) {
        $state.Run = Wait-DispatchRun
        Start-DispatchRun $state
        try { & $state.Handler $state.Run.Context $state.Run.Payload *>&1 | Receive-DispatchOutput $state }
        catch { Set-DispatchFailure $state $_ }
        Complete-DispatchRun $state
    }
    # It ends no process: only the load of a function says whether those that are new belong to this worker or to the machine.
    KeepProcesses
}

function RehearsedFrames {
    $header = $script:Utf8.GetBytes((ToJson @{ handler = 'rehearsed.ps1::handle'; folder = $PSScriptRoot; environment = @{}; marker = 'rehearsal'; maxOutputBytes = 1000; alone = $false }))
    $size = [byte[]]::new(4)
    WriteBigEndian $size 0 $header.Length
    $frames = [Collections.Generic.Queue[object]]::new()
    $frames.Enqueue(@{ Kind = $script:Frame.Load; Number = 0; Body = [byte[]]($size + $header + [byte[]](0, 0, 0, 2) + $script:Utf8.GetBytes('[]')) })
    foreach ($payload in '{"name":"a","items":[1,2,3]}', 'null') {
        $frames.Enqueue(@{ Kind = $script:Frame.Invoke; Number = 1; Body = $script:Utf8.GetBytes("{""context"":{""runId"":""1""},""payload"":$payload}") })
    }
    , $frames
}
