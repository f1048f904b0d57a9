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
    $parts = if ($value -is [Collections.IDictionary]) { $value.Values }
    elseif (IsList $value) { $value }
    else { $value.PSObject.Properties.Value }
    $left = 20
    foreach ($part in $parts) {
        if (IsObject $part) { return $true }
        if (--$left -eq 0) { break }
    }
    $false
}

# What holds the value that is being written, from the result down.
$script:Holders = [Collections.Generic.List[object]]::new()

function TooDeep($value) {
    foreach ($holder in $script:Holders) { if ([object]::ReferenceEquals($holder, $value)) { throw "it is circular: a $($value.GetType().Name) holds itself" } }
    throw "it nests deeper than $($script:MostLevels - 5) levels"
}

# Plain data to any depth; objects of .NET to a few levels.
function WriteValue($writer, $value, [int] $objects) {
    if ($value -is [psobject] -and $value.PSObject.BaseObject -isnot [Management.Automation.PSCustomObject]) { $value = $value.PSObject.BaseObject }
    RefuseValue $value
    if ($writer.CurrentDepth -gt $script:MostLevels - 5) { TooDeep $value }
    if ($objects -lt $script:ObjectDepth -and --$script:ObjectValuesLeft -lt 0) { throw "it holds an object of .NET that leads to more than $script:MostObjectValues other values; choose what you need, for example with Select-Object" }
    if ($known = KnownFormOf $value) { $value = & $known $value }
    if (IsPlain $value) { $writer.WriteRawValue((ConvertTo-Json -InputObject $value -Compress -Depth 2 -WarningAction Ignore)); return }
    $script:Holders.Add($value)
    WriteParts $writer $value $objects
    $script:Holders.RemoveAt($script:Holders.Count - 1)
}

function WriteParts($writer, $value, [int] $objects) {
    if ($value -is [Collections.IDictionary]) {
        $writer.WriteStartObject()
        foreach ($key in @($value.Keys)) { $writer.WritePropertyName([string]$key); WriteValue $writer $value[$key] $objects }
        $writer.WriteEndObject()
        return
    }
    if (IsList $value) {
        $writer.WriteStartArray()
        foreach ($item in $value) { WriteValue $writer $item $objects }
        $writer.WriteEndArray()
        return
    }
    $isCustom = $value.PSObject.BaseObject -is [Management.Automation.PSCustomObject]
    $left = if ($isCustom) { $objects } else { $objects - 1 }
    if ($left -lt 0) { $writer.WriteStringValue([string]$value); return }
    $writer.WriteStartObject()
    foreach ($property in $value.PSObject.Properties) {
        $writer.WritePropertyName($property.Name)
        $content = try { $property.Value } catch { $null } # a property that cannot be read
        WriteValue $writer $content $left
    }
    $writer.WriteEndObject()
}

function WalkToJson($value) {
    $stream = [IO.MemoryStream]::new()
    $options = [Text.Json.JsonWriterOptions]@{ MaxDepth = $script:MostLevels; Encoder = [Text.Encodings.Web.JavaScriptEncoder]::UnsafeRelaxedJsonEscaping }
    $writer = [Text.Json.Utf8JsonWriter]::new([IO.Stream]$stream, $options)
    $script:Holders.Clear()
    $script:ObjectValuesLeft = $script:MostObjectValues
    WriteValue $writer $value $script:ObjectDepth
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
