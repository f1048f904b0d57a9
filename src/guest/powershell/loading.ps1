# From the bundle of a function to its script and handler.
function LoadFailure([string] $message) { [InvalidOperationException]::new($message) }

function UnpackBundle([byte[]] $body, [int] $at, [string] $folder) {
    $length = ReadBigEndian $body $at
    $entries = FromJson ($script:Utf8.GetString($body, $at + 4, $length))
    $at += 4 + $length
    foreach ($entry in $entries) {
        $path = [IO.Path]::Combine($folder, $entry.path)
        $null = [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($path))
        $file = [IO.File]::Create($path)
        $file.Write($body, $at, $entry.size)
        $file.Dispose()
        [IO.File]::SetUnixFileMode($path, $entry.mode)
        $at += $entry.size
    }
}

# Waits until the server sends a function.
function Wait-DispatchLoad {
    do { $frame = ReceiveFrame } until ($frame.Kind -eq $script:Frame.Load)
    $length = ReadBigEndian $frame.Body 0
    $header = FromJson ($script:Utf8.GetString($frame.Body, 4, $length))
    $file, $name = $header.handler -split '::', 2
    @{ Header = $header; Body = $frame.Body; Start = 4 + $length; File = $file; FunctionName = $name; Loaded = $false; Outputs = [Collections.Generic.List[object]]::new() }
}

# The script of the handler's file, in which `return` in the handler tells its value from what is merely put out.
function Get-DispatchScript($state) {
    $header = $state.Header
    $script:Folder = $header.folder
    foreach ($variable in $header.environment.PSObject.Properties) { [Environment]::SetEnvironmentVariable($variable.Name, $variable.Value) }
    if ($header.modules) { $env:PSModulePath = "$($header.modules):$env:PSModulePath" }
    UnpackBundle $state.Body $state.Start $header.folder
    $state.Body = $null
    Set-Location $header.folder
    [Environment]::CurrentDirectory = $header.folder
    $path = [IO.Path]::Combine($header.folder, $state.File)
    $state.Ast = ParseScript ([IO.File]::ReadAllText($path)) $path
    CheckRequirements $state.Ast.ScriptRequirements
    $handler = $state.Ast.Find({ param($ast) $ast -is [Management.Automation.Language.FunctionDefinitionAst] -and $ast.Name -eq $state.FunctionName }, $true)
    if (-not $handler) { return $state.Ast.GetScriptBlock() }
    (ParseScript (MarkReturns $state.Ast.Extent.Text $handler) $path).GetScriptBlock()
}

function ParseScript([string] $text, [string] $path) {
    $tokens = $null
    $mistakes = $null
    $ast = [Management.Automation.Language.Parser]::ParseInput($text, $path, [ref]$tokens, [ref]$mistakes)
    if ($mistakes.Count -eq 0) { return $ast }
    $lines = $mistakes | Select-Object -First 5 | ForEach-Object { "$(OwnPath $path):$($_.Extent.StartLineNumber):$($_.Extent.StartColumnNumber): $($_.Message)`n$($_.Extent.StartScriptPosition.Line)" }
    throw (LoadFailure ($lines -join "`n"))
}

# `#requires` lines, as PowerShell itself keeps them for a script that it runs.
function CheckRequirements($required) {
    if (-not $required) { return }
    if ($required.RequiredPSVersion -gt $PSVersionTable.PSVersion) { throw (LoadFailure "#requires PowerShell $($required.RequiredPSVersion); this one is $($PSVersionTable.PSVersion)") }
    if ($required.RequiredPSEditions.Count -gt 0 -and $required.RequiredPSEditions -notcontains 'Core') { throw (LoadFailure "#requires the edition $($required.RequiredPSEditions -join ', '); this one is Core") }
    if ($required.IsElevationRequired) { throw (LoadFailure '#requires an administrator; functions run as an ordinary user') }
    foreach ($module in $required.RequiredModules) {
        try { Import-Module -FullyQualifiedName $module -Global -ErrorAction Stop }
        catch { throw (LoadFailure "#requires the module $($module.Name), which could not be imported: $($_.Exception.Message)`nModules are those of the image: name it in the image's requirements.psd1") }
    }
}

# The nearest script block around a statement: that is what `return` leaves, and it may be a block inside the handler.
function BlockOf($ast) {
    while ($ast -and $ast -isnot [Management.Automation.Language.ScriptBlockAst]) { $ast = $ast.Parent }
    $ast
}

# `return , X`, as people write it to keep a list a list.
function IsKeptList($pipeline) {
    $elements = @($pipeline.PipelineElements)
    $expression = if ($elements.Count -eq 1) { $elements[0].Expression }
    $expression -is [Management.Automation.Language.ArrayLiteralAst] -and $expression.Elements.Count -eq 1
}

# Turns `return X` in the handler into `return & $global:__dispatch_return (X)`; line numbers stay the same.
function MarkReturns([string] $text, $handler) {
    $isReturn = { param($ast) $ast -is [Management.Automation.Language.ReturnStatementAst] }
    $returns = $handler.Body.FindAll($isReturn, $true) | Where-Object {
        $_.Pipeline -and $_.Pipeline -isnot [Management.Automation.Language.AssignmentStatementAst] -and [object]::ReferenceEquals((BlockOf $_.Parent), $handler.Body)
    }
    foreach ($one in @($returns | Sort-Object { $_.Extent.StartOffset } -Descending)) {
        $extent = $one.Pipeline.Extent
        $start = $extent.StartScriptPosition
        $opening = '& $global:__dispatch_return ('
        $script:Marks += @{ Path = $extent.File; Line = $start.LineNumber; Text = $start.Line; Column = $start.ColumnNumber; Added = $opening.Length }
        $text = $text.Insert($extent.EndOffset, $(if (IsKeptList $one.Pipeline) { ') -Kept' } else { ')' })).Insert($extent.StartOffset, $opening)
    }
    $text
}

# Whether `handle $context $payload` can be called.
function CheckHandler($state) {
    $name = $state.FunctionName
    if (-not $state.Handler) {
        $names = @($state.Ast.FindAll({ param($ast) $ast -is [Management.Automation.Language.FunctionDefinitionAst] }, $false).Name)
        $hint = if ($names) { "; it has $($names -join ', '): name one, for example --handler $($state.File)::$($names[0])" } else { '' }
        throw (LoadFailure "$($state.File) has no function $name$hint")
    }
    $definition = $state.Handler.ScriptBlock.Ast
    $parameters = @(if ($definition.Parameters) { $definition.Parameters } else { $definition.Body.ParamBlock.Parameters }) | Where-Object { $_ }
    $usesRest = $definition.Body.Find({ param($ast) $ast -is [Management.Automation.Language.VariableExpressionAst] -and $ast.VariablePath.UserPath -eq 'args' }, $true)
    if ($parameters.Count -lt 2 -and -not $usesRest) { throw (LoadFailure "$name must take two parameters: (`$context, `$payload)") }
    $needsMore = @($parameters | Select-Object -Skip 2 | Where-Object { $_.Attributes | Where-Object { $_.NamedArguments.ArgumentName -eq 'Mandatory' } })
    if ($needsMore) { throw (LoadFailure "$name must take two parameters, (`$context, `$payload), and asks for $($needsMore[0].Name) as well") }
}

function Complete-DispatchLoad($state) {
    CheckHandler $state
    if ($state.Header.alone) { KeepProcesses }
    $global:__dispatch_return = {
        param($value, [switch] $Kept)
        $__dispatch.Returned = $true
        $__dispatch.Value = if ($Kept -and $value[0] -is [Collections.IEnumerable] -and $value[0] -isnot [string]) { , $value[0] } else { , $value }
    }
    $state.Loaded = $true
    SendFrame $script:Frame.Ready 0 $script:Nothing
    WriteMarker $state.Header.marker 0
}

function Deny-DispatchLoad($state, $record) {
    $exception = Unwrapped $record.Exception
    $text = if ($exception.GetType() -eq [InvalidOperationException]) { $exception.Message } else { (TraceOf $record) -join "`n" }
    SendFrame $script:Frame.Error 0 (FailureJson 'FunctionError' "$text`n$script:Refusal" @())
    WriteMarker $state.Header.marker 0
}
