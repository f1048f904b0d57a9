# Processes that a run started and left behind (PROTOCOL.md).
$script:Kept = $null
$script:LastNumber = ''
$script:AskAgain = 0
$script:AskMilliseconds = 100
$script:PatienceMilliseconds = 50

# The number of the youngest process or thread in this namespace: while it stays the same, nothing was started.
function YoungestNumber { [IO.File]::ReadAllText('/proc/loadavg').TrimEnd().Split(' ')[-1] }

# All processes: number to name, state and parent.
function LivingProcesses {
    $found = @{}
    foreach ($folder in [IO.Directory]::GetDirectories('/proc')) {
        $number = 0
        if (-not [int]::TryParse([IO.Path]::GetFileName($folder), [ref]$number)) { continue }
        try { $stat = [IO.File]::ReadAllText("$folder/stat") } catch { continue } # it has ended
        $end = $stat.LastIndexOf(')')
        $fields = $stat.Substring($end + 2).Split(' ')
        $found[$number] = @{ Name = $stat.Substring($stat.IndexOf('(') + 1, $end - $stat.IndexOf('(') - 1); State = $fields[0]; Parent = [int]$fields[1] }
    }
    $found
}

# To be called when the function is loaded: processes that live now belong to the worker.
function KeepProcesses {
    $script:Kept = [Collections.Generic.HashSet[int]]::new([int[]]@((LivingProcesses).Keys))
    $script:LastNumber = YoungestNumber
}

# Whether it descends from a helper that was started while the function was loaded.
function IsOfHelper($found, [int] $number) {
    while ($found.ContainsKey($number)) {
        $number = $found[$number].Parent
        if ($number -ne 1 -and $number -ne $PID -and $script:Kept.Contains($number)) { return $true }
    }
    $false
}

function LeftProcesses {
    $found = LivingProcesses
    @($found.Keys | Where-Object { $found[$_].State -notin 'Z', 'X' -and -not $script:Kept.Contains($_) -and -not (IsOfHelper $found $_) } |
            ForEach-Object { @{ Number = $_; Name = $found[$_].Name } })
}

# Ends what the run left behind, and gives the line that says so; nothing when there was nothing.
function EndLeftovers {
    if ($null -eq $script:Kept) { return }
    $now = [Environment]::TickCount64
    if ($now -lt $script:AskAgain) { return }
    $script:AskAgain = $now + $script:AskMilliseconds
    $youngest = YoungestNumber
    if ($youngest -eq $script:LastNumber) { return }
    $named = [ordered]@{}
    # At least once, however long a busy machine takes to list them.
    $left = LeftProcesses
    do {
        foreach ($process in $left) {
            $named["$($process.Number)"] = "$($process.Name) ($($process.Number))"
            try { [Diagnostics.Process]::GetProcessById($process.Number).Kill() } catch { } # it has ended
        }
        [Threading.Thread]::Sleep(1)
        $left = LeftProcesses
    } while ($left.Count -gt 0 -and [Environment]::TickCount64 -lt $now + $script:PatienceMilliseconds)
    $script:LastNumber = YoungestNumber
    if ($named.Count -gt 0) { "dispatch: the run left processes behind, which were ended: $(@($named.Values | Select-Object -First 10) -join ', ')" }
}

# What PowerShell itself started is known at once.
function ExpectLeftovers { $script:AskAgain = 0 }
