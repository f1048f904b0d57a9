# The guest's own code; one file a concern.
. $PSScriptRoot/channel.ps1
. $PSScriptRoot/json.ps1
. $PSScriptRoot/output.ps1
. $PSScriptRoot/failure.ps1
. $PSScriptRoot/leftovers.ps1
. $PSScriptRoot/loading.ps1
. $PSScriptRoot/runner.ps1
. $PSScriptRoot/rehearsal.ps1
Export-ModuleMember -Function *-Dispatch*
