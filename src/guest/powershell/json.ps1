# JSON both ways. PowerShell's own cmdlets do it wherever they lose nothing; what they would change or cut is walked.
$script:KeepsDates = (Get-Command ConvertFrom-Json).Parameters.ContainsKey('DateKind')
$script:LooksLikeDate = [regex]::new('"\d{4}-\d\d-\d\dT\d\d:|"\\/Date\(|"/Date\(')
# How many levels of a .NET object are written: such objects refer to each other without end.
$script:ObjectDepth = 4
# Values below objects of .NET, in one result: a single one may lead to millions.
$script:MostObjectValues = 5000
$script:MostLevels = 1100
$script:ParseOptions = [Text.Json.JsonDocumentOptions]@{ MaxDepth = $script:MostLevels }

# A value of `Text.Json` as PowerShell's own values: objects, arrays, texts, numbers. Texts stay texts, whatever they look like.
function FromElement($element) {
    switch ([int]$element.ValueKind) {
        1 {
            $properties = @($element.EnumerateObject())
            $names = [Collections.Generic.HashSet[string]]::new([StringComparer]::OrdinalIgnoreCase)
            $plain = $true
            foreach ($property in $properties) { if ($property.Name -eq '' -or -not $names.Add($property.Name)) { $plain = $false } }
            if ($plain) {
                $object = [pscustomobject]@{}
                foreach ($property in $properties) { $object.PSObject.Properties.Add([psnoteproperty]::new($property.Name, (FromElement $property.Value))) }
                return $object
            }
            $table = [Collections.Specialized.OrderedDictionary]::new([StringComparer]::Ordinal)
            foreach ($property in $properties) { $table[[object]$property.Name] = FromElement $property.Value }
            return $table
        }
        2 {
            $list = [Collections.Generic.List[object]]::new()
            foreach ($item in $element.EnumerateArray()) { $list.Add((FromElement $item)) }
            return , $list.ToArray()
        }
        3 { return $element.GetString() }
        4 { return FromNumber $element.GetRawText() }
        5 { return $true }
        6 { return $false }
        default { return $null }
    }
}

function FromNumber([string] $text) {
    $number = 0L
    if ([long]::TryParse($text, [ref]$number)) { return $number }
    if ($text -match '[.eE]') { return [double]::Parse($text, [cultureinfo]::InvariantCulture) }
    return [bigint]::Parse($text, [cultureinfo]::InvariantCulture)
}

# Without the comma PowerShell would unroll the list.
function FromJson([string] $text) {
    try {
        if ($script:KeepsDates) { return , (ConvertFrom-Json -InputObject $text -NoEnumerate -DateKind String -Depth $script:MostLevels) }
        if (-not $script:LooksLikeDate.IsMatch($text)) { return , (ConvertFrom-Json -InputObject $text -NoEnumerate -Depth $script:MostLevels) }
    }
    catch { } # names that are empty or differ in their case alone
    $document = [Text.Json.JsonDocument]::Parse($text, $script:ParseOptions)
    return , (FromElement $document.RootElement)
}

# The JSON texts of the two parts of an envelope.
function SplitEnvelope([byte[]] $bytes) {
    $document = [Text.Json.JsonDocument]::Parse($script:Utf8.GetString($bytes), $script:ParseOptions)
    $root = $document.RootElement
    @{ Context = $root.GetProperty('context').GetRawText(); Payload = $root.GetProperty('payload').GetRawText() }
}

# Refuses a value that has no JSON, with the reason.
function RefuseValue($value) {
    if ($value -is [scriptblock]) { throw 'it is a script block' }
    if ($value -is [Exception] -or $value -is [Management.Automation.ErrorRecord]) { throw "it is an error: $value" }
    if ($value -is [Threading.Tasks.Task]) { throw 'it is a Task; return its Result' }
    if (($value -is [double] -or $value -is [single]) -and -not [double]::IsFinite($value)) { throw "it holds $value, which JSON does not know" }
}

# Types of .NET with a well-known form of their own: a table is the list of its rows, a row its columns by name, XML its text.
$script:KnownForms = @{
    'System.Data.DataTable' = { param($table) , @($table.Rows) }
    'System.Data.DataRow' = {
        param($row)
        $named = [ordered]@{}
        foreach ($column in $row.Table.Columns) { $named[$column.ColumnName] = if ($row.IsNull($column)) { $null } else { $row[$column] } }
        $named
    }
    'System.Xml.XmlDocument' = { param($xml) $xml.OuterXml }
    'System.Xml.XmlElement' = { param($xml) $xml.OuterXml }
}

function KnownFormOf($value) { if ($null -ne $value) { $script:KnownForms[$value.GetType().FullName] } }

function IsList($value) { $value -is [Collections.IEnumerable] -and $value -isnot [string] -and $value -isnot [Collections.IDictionary] }

function IsPlain($value) {
    $null -eq $value -or $value -is [string] -or $value -is [ValueType] -or $value -is [uri] -or $value -is [version]
}

# An object of .NET that is neither plain data nor a container of it. `ConvertTo-Json` takes minutes for some of them.
function IsObject($value) {
    if (IsPlain $value) { return $false }
    if (KnownFormOf $value) { return $true }
    -not ($value -is [Collections.IDictionary] -or (IsList $value) -or $value.PSObject.BaseObject -is [Management.Automation.PSCustomObject])
}

# Whether the value is such an object, or one of the first things that it holds.
function HoldsObject($value) {
    if (IsPlain $value) { return $false }
    if (IsObject $value) { return $true }
    $parts = if ($value -is [Collections.IDictionary]) { $value.get_Values() }
    elseif (IsList $value) { $value }
    else { $value.PSObject.Properties.Value }
    $left = 20
    foreach ($part in $parts) {
        if (IsObject $part) { return $true }
        if (--$left -eq 0) { break }
    }
    $false
}

# The method itself: an entry of a dictionary may be called `Keys`, and some classes hide theirs.
$script:Parts = [Collections.IEnumerable].GetMethod('GetEnumerator')

function TooDeep($open, $value) {
    foreach ($holder in $open) { if ([object]::ReferenceEquals($holder.Value, $value)) { throw "it is circular: a $($value.GetType().Name) holds itself" } }
    throw "it nests deeper than $($script:MostLevels - 5) levels"
}

# Plain data to any depth; objects of .NET to a few levels. Nothing here calls itself: PowerShell looks for names in the scopes of
# all callers, so that a thousand levels would take half a minute.
function WriteTree($writer, $value) {
    $open = [Collections.Generic.Stack[object]]::new()
    OpenValue $writer $open $value $script:ObjectDepth
    while ($open.Count -gt 0) {
        $holder = $open.Peek()
        if (-not $holder.Parts.MoveNext()) {
            if ($holder.Named) { $writer.WriteEndObject() } else { $writer.WriteEndArray() }
            $null = $open.Pop()
            continue
        }
        $part = $holder.Parts.Current
        if ($holder.Named) {
            $writer.WritePropertyName([string]$part.($holder.Named))
            $content = $null
            try { $content = $part.Value } catch { } # a property that cannot be read
        }
        else { $content = $part }
        OpenValue $writer $open $content $holder.Left
    }
}

# Writes a value that holds nothing; of any other one the beginning, and its parts come next.
function OpenValue($writer, $open, $value, [int] $objects) {
    if ($objects -lt $script:ObjectDepth -and --$script:ObjectValuesLeft -lt 0) { throw "it holds an object of .NET that leads to more than $script:MostObjectValues other values; choose what you need, for example with Select-Object" }
    if ($value -is [psobject] -and $value.PSObject.BaseObject -isnot [Management.Automation.PSCustomObject]) { $value = $value.PSObject.BaseObject }
    if ($value -is [string] -or $value -is [int] -or $null -eq $value) { $writer.WriteRawValue((ConvertTo-Json -InputObject $value -Compress)); return }
    RefuseValue $value
    if ($writer.CurrentDepth -gt $script:MostLevels - 5) { TooDeep $open $value }
    if ($known = KnownFormOf $value) { $value = & $known $value }
    if (IsPlain $value) { $writer.WriteRawValue((ConvertTo-Json -InputObject $value -Compress -Depth 2 -WarningAction Ignore)); return }
    $holder = @{ Value = $value; Left = $objects; Named = '' }
    if ($value -is [Collections.IDictionary]) { $holder.Named = 'Key'; $holder.Parts = $script:Parts.Invoke($value, $null) }
    elseif (IsList $value) { $holder.Parts = $script:Parts.Invoke($value, $null) }
    else {
        if ($value.PSObject.BaseObject -isnot [Management.Automation.PSCustomObject]) { $holder.Left-- }
        if ($holder.Left -lt 0) { $writer.WriteStringValue([string]$value); return }
        $holder.Named = 'Name'
        $holder.Parts = $value.PSObject.Properties.GetEnumerator()
    }
    if ($holder.Named) { $writer.WriteStartObject() } else { $writer.WriteStartArray() }
    $open.Push($holder)
}

function WalkToJson($value) {
    $stream = [IO.MemoryStream]::new()
    $options = [Text.Json.JsonWriterOptions]@{ MaxDepth = $script:MostLevels; Encoder = [Text.Encodings.Web.JavaScriptEncoder]::UnsafeRelaxedJsonEscaping }
    $writer = [Text.Json.Utf8JsonWriter]::new([IO.Stream]$stream, $options)
    $script:ObjectValuesLeft = $script:MostObjectValues
    WriteTree $writer $value
    $writer.Flush()
    $script:Utf8.GetString($stream.ToArray())
}

# @throws a text that says why the value has no JSON.
function ToJson($value) {
    if ($null -eq $value) { return 'null' }
    RefuseValue $value
    if (HoldsObject $value) { return WalkToJson $value }
    $text = ConvertTo-Json -InputObject $value -Compress -Depth $script:ObjectDepth -WarningVariable cut -WarningAction SilentlyContinue
    if ($cut.Count -eq 0 -and $text -notmatch '"(NaN|-?Infinity)"') { return $text }
    return WalkToJson $value
}
