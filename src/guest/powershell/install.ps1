# Installs PowerShell modules from a NuGet feed into ./Modules: the builder's installer, run in its sandbox. A package is a zip.
# What is asked for is in requirements.psd1, as PSResourceGet has it (@{ Name = @{ version = '[1.0,2.0)' } }) or as the older
# PSDepend (@{ Name = '1.0' }, 'latest'). Each package brings its dependencies. What was taken is written to modules.lock.
param([string] $Folder)

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$feed = $env:POWERSHELL_FEED.TrimEnd('/')
$client = [Net.Http.HttpClient]::new()
$client.Timeout = [TimeSpan]::FromSeconds(100)
$mostPages = 50

function Get-Bytes([string] $address) {
    $answer = $client.GetAsync($address).GetAwaiter().GetResult()
    if ([int]$answer.StatusCode -eq 404) { return $null }
    if (-not $answer.IsSuccessStatusCode) { throw "$address answered $([int]$answer.StatusCode) $($answer.ReasonPhrase)" }
    , $answer.Content.ReadAsByteArrayAsync().GetAwaiter().GetResult()
}

function Get-Text([string] $address) {
    $bytes = Get-Bytes $address
    if ($null -ne $bytes) { [Text.Encoding]::UTF8.GetString($bytes).TrimStart([char]0xFEFF) }
}

# 1.2.3.4-beta as something that sorts; what is before a release is smaller than it.
function Get-VersionKey([string] $version) {
    $number, $label = $version.Split('+')[0] -split '-', 2
    $parts = @($number.Split('.') | ForEach-Object { '{0:d10}' -f [int64]$_ })
    while ($parts.Count -lt 4) { $parts += '0000000000' }
    ($parts -join '.') + $(if ($label) { "-$label" } else { '~' })
}

function Compare-Version([string] $a, [string] $b) { [string]::CompareOrdinal((Get-VersionKey $a), (Get-VersionKey $b)) }

# NuGet's ranges: [1.0,2.0) (1.0,] [1.0] and, for dependencies, 1.0 for "that or later". 1.* and * are taken as well.
function Test-Range([string] $version, [string] $range) {
    if (-not $range -or $range -eq '*' -or $range -eq 'latest') { return $true }
    if ($range -match '^\d+(\.\d+)*\.\*$') { return "$version.".StartsWith($range.TrimEnd('*')) }
    if ($range -notmatch '^([\[(])([^,\])]*)(,?)([^,\])]*)([\])])$') { return (Compare-Version $version $range) -ge 0 }
    $open, $low, $comma, $high, $close = $Matches[1..5]
    $low = $low.Trim(); $high = $high.Trim()
    if (-not $comma) { return (Compare-Version $version $low) -eq 0 }
    if ($low) { $order = Compare-Version $version $low; if ($order -lt 0 -or ($order -eq 0 -and $open -eq '(')) { return $false } }
    if ($high) { $order = Compare-Version $version $high; if ($order -gt 0 -or ($order -eq 0 -and $close -eq ')')) { return $false } }
    return $true
}

# The versions of a package, each with the address of its file.
function Get-NewVersions([string] $name) {
    $index = ConvertFrom-Json (Get-Text $feed)
    $base = @($index.resources | Where-Object { "$($_.'@type')" -like 'PackageBaseAddress*' })[0].'@id'
    if (-not $base) { throw "the feed $feed has no PackageBaseAddress" }
    $base = $base.TrimEnd('/')
    $id = $name.ToLowerInvariant()
    $list = Get-Text "$base/$id/index.json"
    if (-not $list) { return }
    foreach ($version in (ConvertFrom-Json $list).versions) { @{ Version = $version; Address = "$base/$id/$($version.ToLowerInvariant())/$id.$($version.ToLowerInvariant()).nupkg" } }
}

function Get-OldVersions([string] $name) {
    $address = "$feed/FindPackagesById()?id='$([uri]::EscapeDataString($name))'&semVerLevel=2.0.0"
    for ($page = 0; $address -and $page -lt $mostPages; $page++) {
        $text = Get-Text $address
        if (-not $text) { return }
        $document = [xml]$text
        foreach ($entry in @($document.feed.entry | Where-Object { $_ })) {
            $properties = $entry.properties
            $hash = "$($properties.PackageHash.'#text')$(if ($properties.PackageHash -is [string]) { $properties.PackageHash })"
            $version = if ($properties.NormalizedVersion -is [string] -and $properties.NormalizedVersion) { $properties.NormalizedVersion } else { $properties.Version }
            @{ Version = $version; Address = $entry.content.src; Hash = $hash; Algorithm = $properties.PackageHashAlgorithm }
        }
        $address = @($document.feed.link | Where-Object { $_.rel -eq 'next' })[0].href
    }
}

function Get-Versions([string] $name) { if ($feed -like '*.json') { Get-NewVersions $name } else { Get-OldVersions $name } }

# name -> @{ Ranges; Prerelease; By }
$wanted = [ordered]@{}
$chosen = @{}

function Add-Wish([string] $name, [string] $range, [bool] $prerelease, [string] $by) {
    if ($name -notmatch '^[A-Za-z0-9][\w.-]*$') { throw "'$name' is not the name of a module" }
    if (-not $wanted.Contains($name)) { $wanted[$name] = @{ Ranges = @(); Prerelease = $false; By = @() } }
    $wish = $wanted[$name]
    if ($wish.Ranges -contains $range) { return }
    $wish.Ranges += $range
    $wish.By += "$by asks for $(if ($range) { $range } else { 'any version' })"
    $wish.Prerelease = $wish.Prerelease -or $prerelease -or $range -match '-'
    $chosen.Remove($name)
}

# The manifest is data: nothing of it is run.
function Read-Requirements {
    $tokens = $null; $mistakes = $null
    $text = [IO.File]::ReadAllText("$Folder/requirements.psd1")
    $ast = [Management.Automation.Language.Parser]::ParseInput($text, [ref]$tokens, [ref]$mistakes)
    if ($mistakes.Count) { throw "requirements.psd1, line $($mistakes[0].Extent.StartLineNumber): $($mistakes[0].Message)" }
    $table = $ast.Find({ param($one) $one -is [Management.Automation.Language.HashtableAst] }, $false)
    try { $requirements = $table.SafeGetValue() } catch { throw 'requirements.psd1 may hold texts and tables only: what would have to be run is refused' }
    foreach ($name in @($requirements.Keys)) {
        if ($name -eq 'PSDependOptions') { continue }
        $value = $requirements[$name]
        $range = "$value"
        $prerelease = $false
        if ($value -is [Collections.IDictionary]) {
            if ($value.DependencyType -and $value.DependencyType -notin 'PSGalleryModule', 'PSGalleryNuget') { throw "$name has the DependencyType $($value.DependencyType): only modules of a feed can be installed" }
            $range = "$($value.version)"
            if ($value.name) { $name = "$($value.name)" }
            $prerelease = [bool]$value.prerelease -or [bool]$value.AllowPrerelease
        }
        if ($name -match '^(PSGalleryModule|PSGalleryNuget)::(.+)$') { $name = $Matches[2] }
        # Here a plain version is that version; only as the dependency of a package it is "that or later".
        if ($range -match '^\d+(\.\d+)*(-[\w.]+)?$') { $range = "[$range]" }
        Add-Wish $name $range $prerelease 'requirements.psd1'
    }
}

function Select-Version([string] $name) {
    $wish = $wanted[$name]
    $all = @(Get-Versions $name)
    if ($all.Count -eq 0) { throw "there is no module $name in $feed" }
    $fitting = @($all | Where-Object { $version = $_.Version; ($wish.Prerelease -or $version -notmatch '-') -and -not ($wish.Ranges | Where-Object { -not (Test-Range $version $_) }) })
    if ($fitting.Count -eq 0) { throw "no version of $name fits: $($wish.By -join ', '). There is $((@($all.Version) | Select-Object -Last 10) -join ', ')" }
    $best = $fitting[0]
    foreach ($one in $fitting) { if ((Compare-Version $one.Version $best.Version) -gt 0) { $best = $one } }
    $best
}

function Read-Entry($zip, [string] $pattern) {
    $entry = @($zip.Entries | Where-Object { $_.FullName -match $pattern })[0]
    if (-not $entry) { return $null }
    $reader = [IO.StreamReader]::new($entry.Open())
    try { $reader.ReadToEnd() } finally { $reader.Dispose() }
}

function Get-Package([string] $name, $version) {
    [Console]::WriteLine("$name $($version.Version)")
    $bytes = Get-Bytes $version.Address
    if ($null -eq $bytes) { throw "$($version.Address) is not there" }
    $digest = [Convert]::ToBase64String([Security.Cryptography.SHA512]::HashData($bytes))
    if ($version.Hash -and $version.Algorithm -eq 'SHA512' -and $version.Hash -ne $digest) { throw "$name $($version.Version) is not what the feed says it is: its digest differs" }
    $zip = [IO.Compression.ZipArchive]::new([IO.MemoryStream]::new($bytes))
    $nuspec = [xml](Read-Entry $zip '^[^/]+\.nuspec$')
    if (-not $nuspec) { throw "$name $($version.Version) has no nuspec: it is no NuGet package" }
    $metadata = $nuspec.package.metadata
    $dependencies = @($metadata.dependencies.dependency) + @($metadata.dependencies.group.dependency) | Where-Object { $_ }
    @{ Zip = $zip; Name = "$($metadata.id)"; Digest = $digest; Version = $version.Version; Dependencies = @($dependencies) }
}

# The module's own version names its folder; PowerShell looks for it there.
function Get-FolderName($package) {
    $text = Read-Entry $package.Zip "^$([regex]::Escape($package.Name))\.psd1$"
    $tokens = $null; $mistakes = $null
    if ($text) {
        $ast = [Management.Automation.Language.Parser]::ParseInput($text, [ref]$tokens, [ref]$mistakes)
        $table = $ast.Find({ param($one) $one -is [Management.Automation.Language.HashtableAst] }, $false)
        foreach ($pair in $table.KeyValuePairs) { if ("$($pair.Item1)".Trim("'", '"') -eq 'ModuleVersion') { return "$($pair.Item2)".Trim().Trim("'", '"') } }
    }
    $package.Version.Split('-')[0]
}

function Expand-Package($package) {
    $version = Get-FolderName $package
    if ($version -notmatch '^[\w.-]+$' -or $version -match '^\.+$') { throw "$($package.Name) has the version '$version'" }
    $target = "$Folder/Modules/$($package.Name)/$version"
    foreach ($entry in $package.Zip.Entries) {
        $path = [uri]::UnescapeDataString($entry.FullName).Replace('\', '/')
        if ($path -eq '' -or $path.EndsWith('/') -or $path -match '^(_rels/|package/|\[Content_Types\]\.xml$|[^/]+\.nuspec$)') { continue }
        $place = [IO.Path]::GetFullPath("$target/$path")
        if (-not $place.StartsWith("$target/")) { throw "$($package.Name): the file $path leads out of the package" }
        $null = [IO.Directory]::CreateDirectory([IO.Path]::GetDirectoryName($place))
        $from = $entry.Open()
        $to = [IO.File]::Create($place)
        try { $from.CopyTo($to) } finally { $to.Dispose(); $from.Dispose() }
    }
}

try {
    Read-Requirements
    # Until nothing new is asked for: a dependency may narrow what was chosen before.
    while ($open = @($wanted.Keys | Where-Object { -not $chosen.ContainsKey($_) })) {
        $name = $open[0]
        $package = Get-Package $name (Select-Version $name)
        $chosen[$name] = $package
        foreach ($dependency in $package.Dependencies) { Add-Wish $dependency.id "$($dependency.version)" $false $name }
    }
    $lock = foreach ($name in @($wanted.Keys)) { Expand-Package $chosen[$name]; "$($chosen[$name].Name) $($chosen[$name].Version) sha512-$($chosen[$name].Digest)" }
    [IO.File]::WriteAllText("$Folder/modules.lock", (@($lock) -join "`n") + "`n")
}
catch {
    [Console]::Error.WriteLine("ERROR: $($_.Exception.Message)")
    exit 1
}
