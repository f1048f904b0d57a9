# The PowerShell guest: warms up, becomes the worker of one function, and runs it. See ../PROTOCOL.md.
# PowerShell 7.4 or later. The function's script runs in the scope of this file, the guest's own code in a module, so that
# neither sees the names of the other.
Import-Module (Join-Path $PSScriptRoot 'Dispatch.psm1') -DisableNameChecking

# As the published base image has it: only what terminates fails a run, and what is said in detail is kept.
$ErrorActionPreference = 'Continue'
$VerbosePreference = 'Continue'
$DebugPreference = 'Continue'
$ProgressPreference = 'SilentlyContinue'

Send-DispatchReady
Start-DispatchRehearsal
do {
    $__dispatch = Wait-DispatchLoad
    try {
        $__dispatch.Script = Get-DispatchScript $__dispatch
        . $__dispatch.Script *>&1 | Write-DispatchStream
        # Whatever the script set: a handler's own errors are judged by the same preference as its script's.
        $__dispatch.Handler = Get-Command -Name $__dispatch.FunctionName -CommandType Function -ErrorAction Ignore
        Complete-DispatchLoad $__dispatch
    }
    catch { Deny-DispatchLoad $__dispatch $_ }
} until ($__dispatch.Loaded)
while ($true) {
    $__dispatch.Run = Wait-DispatchRun
    Start-DispatchRun $__dispatch
    # The call itself is made here: `exit` and preferences then mean what they mean in any script.
    try { & $__dispatch.Handler $__dispatch.Run.Context $__dispatch.Run.Payload *>&1 | Receive-DispatchOutput $__dispatch }
    catch { Set-DispatchFailure $__dispatch $_ }
    Complete-DispatchRun $__dispatch
}
