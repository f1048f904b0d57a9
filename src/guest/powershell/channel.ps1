# Frames on file descriptor 3 (PROTOCOL.md).
$script:Frame = @{ Load = 1; Invoke = 2; Cancel = 3; Probe = 4; Ready = 16; Started = 17; Result = 18; Error = 19; Cancelled = 20; Idle = 22 }
$script:Utf8 = [Text.UTF8Encoding]::new($false)
$script:Socket = [Net.Sockets.Socket]::new([Net.Sockets.SafeSocketHandle]::new([IntPtr]3, $false))
$script:Head = [byte[]]::new(9)
$script:Nothing = [byte[]]::new(0)

# PowerShell cannot hold a Span, so numbers are put together by hand.
function ReadBigEndian([byte[]] $bytes, [int] $at) {
    ([uint32]$bytes[$at] -shl 24) -bor ([uint32]$bytes[$at + 1] -shl 16) -bor ([uint32]$bytes[$at + 2] -shl 8) -bor [uint32]$bytes[$at + 3]
}

function WriteBigEndian([byte[]] $bytes, [int] $at, [uint32] $number) {
    $bytes[$at] = ($number -shr 24) -band 255
    $bytes[$at + 1] = ($number -shr 16) -band 255
    $bytes[$at + 2] = ($number -shr 8) -band 255
    $bytes[$at + 3] = $number -band 255
}

# Ends the process when the server has gone.
function ReceiveWhole([byte[]] $bytes) {
    $at = 0
    while ($at -lt $bytes.Length) {
        $count = $script:Socket.Receive($bytes, $at, $bytes.Length - $at, [Net.Sockets.SocketFlags]::None)
        if ($count -eq 0) { [Environment]::Exit(0) }
        $at += $count
    }
}

# Waits for a frame.
function ReceiveFrame {
    if ($script:Rehearsed) { return $script:Rehearsed.Dequeue() }
    ReceiveWhole $script:Head
    $body = [byte[]]::new((ReadBigEndian $script:Head 0))
    ReceiveWhole $body
    @{ Kind = [int]$script:Head[8]; Number = (ReadBigEndian $script:Head 4); Body = $body }
}

function HasArrived { -not $script:Rehearsed -and $script:Socket.Poll(0, [Net.Sockets.SelectMode]::SelectRead) }

function SendFrame([int] $kind, [uint32] $number, [byte[]] $body) {
    $frame = [byte[]]::new(9 + $body.Length)
    WriteBigEndian $frame 0 $body.Length
    WriteBigEndian $frame 4 $number
    $frame[8] = $kind
    [Buffer]::BlockCopy($body, 0, $frame, 9, $body.Length)
    if ($null -ne $script:Rehearsed) { return }
    $at = 0
    while ($at -lt $frame.Length) { $at += $script:Socket.Send($frame, $at, $frame.Length - $at, [Net.Sockets.SocketFlags]::None) }
}
