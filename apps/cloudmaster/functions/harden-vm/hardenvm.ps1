<#
Function `harden-vm`: gives a virtual machine the settings that vSphere's security configuration guide asks of a guest, so that
nothing of it reaches the console's clipboard, the host or the disks beyond its own.

It runs for each event `vm.deployed` of the driver `vcenter`, or by hand with the machine's name:
    dispatch exec harden-vm --input '{"metadata": {"vm_name": "vmtest01"}}' --wait

Input:  the event's data: metadata.vm_name, and metadata.vm_id (`VirtualMachine:vm-42`) where it is known.
Result: @{ vm; id; changed }: the settings that were not so before. A second run changes nothing. A machine that is gone by now
        gives `gone = $true`.
Secret: `vsphere`: host, username, password [certificate, thumbprint], or vcenterurl (user:password@host:443).

It needs no PowerCLI: it speaks the vSphere API (SOAP over HTTPS) itself, so that it runs where the PowerShell Gallery is out of
reach. The settings of a machine that is on hold from its next start on.
#>
$ErrorActionPreference = 'Stop'

$script:Settings = [ordered]@{
    'isolation.tools.copy.disable'         = 'TRUE'
    'isolation.tools.paste.disable'        = 'TRUE'
    'isolation.tools.dnd.disable'          = 'TRUE'
    'isolation.tools.setGUIOptions.enable' = 'FALSE'
    'isolation.tools.diskShrink.disable'   = 'TRUE'
    'isolation.tools.diskWiper.disable'    = 'TRUE'
    'isolation.device.connectable.disable' = 'TRUE'
    'RemoteDisplay.maxConnections'         = '1'
    'tools.guestlib.enableHostInfo'        = 'FALSE'
    'tools.setInfo.sizeLimit'              = '1048576'
}
$script:Seconds = 60
$script:TaskSeconds = 120

function handle($context, $payload) {
    $name = $payload.metadata.vm_name
    if ($name -isnot [string] -or -not $name.Trim()) {
        throw [ArgumentException]::new('harden-vm needs an input like {"metadata": {"vm_name": "vmtest01"}}')
    }
    $vcenter = Connect-Vcenter $context.secrets
    try {
        $machine = if ("$($payload.metadata.vm_id)" -match '^VirtualMachine:(.+)$') { $Matches[1] } else { Find-Machine $vcenter $name }
        $before = Get-Settings $vcenter $machine
        if ($null -eq $before) { return @{ vm = $name; id = $machine; gone = $true; changed = @{} } }
        $changed = [ordered]@{}
        foreach ($key in $script:Settings.Keys) { if ($before[$key] -ne $script:Settings[$key]) { $changed[$key] = $script:Settings[$key] } }
        if ($changed.Count) { Set-Settings $vcenter $machine $changed }
        Write-Host "$name ($machine): $($changed.Count) of $($script:Settings.Count) settings changed"
        return @{ vm = $name; id = $machine; changed = $changed }
    }
    finally { Disconnect-Vcenter $vcenter }
}

# The vCenter

# Host, user and password of the secret, in either of its published forms.
function Read-Secret($secrets) {
    $url = "$($secrets.vcenterurl)".Trim()
    if ($url -match '^(?<scheme>https?://)?(?<user>[^:]*):(?<password>.*)@(?<host>[^@]+)$' -and -not $secrets.host) {
        $found = @{ host = "$($Matches.scheme)$($Matches.host)"; username = $Matches.user; password = $Matches.password }
    }
    else { $found = @{ host = "$($secrets.host)".Trim(); username = "$($secrets.username)"; password = "$($secrets.password)" } }
    $missing = @('host', 'username', 'password' | Where-Object { -not $found[$_] })
    if ($missing) { throw [ArgumentException]::new("the secret ``vsphere`` has no ``$($missing -join '`, `')``: write it into vsphere.json and run ``dispatch update secret vsphere vsphere.json``") }
    $found
}

function Get-Address([string] $place) {
    $text = if ($place -match '^https?://') { $place } else { "https://$place" }
    $uri = $null
    if (-not [Uri]::TryCreate($text, [UriKind]::Absolute, [ref]$uri)) { throw [ArgumentException]::new('`host` of the secret `vsphere` is no address of a vCenter') }
    if ($uri.AbsolutePath -eq '/') { [Uri]::new($uri, '/sdk') } else { $uri }
}

# Whose certificate is believed: a public authority's, that of `certificate`, or the one with this `thumbprint`.
function New-Client($secrets) {
    $handler = [Net.Http.SocketsHttpHandler]::new()
    $handler.UseCookies = $false
    $handler.AllowAutoRedirect = $false
    if ($secrets.certificate) {
        $policy = [Security.Cryptography.X509Certificates.X509ChainPolicy]::new()
        $policy.TrustMode = 'CustomRootTrust'
        $policy.RevocationMode = 'NoCheck'
        foreach ($block in [regex]::Matches($secrets.certificate, '-----BEGIN CERTIFICATE-----([^-]+)-----END')) {
            [void]$policy.CustomTrustStore.Add([Security.Cryptography.X509Certificates.X509Certificate2]::new([Convert]::FromBase64String($block.Groups[1].Value)))
        }
        $handler.SslOptions.CertificateChainPolicy = $policy
    }
    if ($secrets.thumbprint) { $handler.SslOptions.RemoteCertificateValidationCallback = New-PinnedCheck ($secrets.thumbprint -replace '[^0-9a-fA-F]').ToUpperInvariant() }
    $client = [Net.Http.HttpClient]::new($handler)
    $client.Timeout = [TimeSpan]::FromSeconds($script:Seconds)
    $client
}

# A script cannot be asked from the connection's own thread, so the comparison is put together as an expression.
function New-PinnedCheck([string] $thumbprint) {
    $e = [Linq.Expressions.Expression]
    $certificate = [Security.Cryptography.X509Certificates.X509Certificate]
    $kinds = [object], $certificate, [Security.Cryptography.X509Certificates.X509Chain], [Net.Security.SslPolicyErrors]
    $parameters = [Linq.Expressions.ParameterExpression[]]@($kinds | ForEach-Object { $e::Parameter($_) })
    $digest = $certificate.GetMethod('GetCertHashString', [Type[]]@([Security.Cryptography.HashAlgorithmName]))
    $seen = $e::Call($parameters[1], $digest, @($e::Constant([Security.Cryptography.HashAlgorithmName]::SHA256)))
    $e::Lambda([Net.Security.RemoteCertificateValidationCallback], $e::Equal($seen, $e::Constant($thumbprint)), $parameters).Compile()
}

function Connect-Vcenter($secrets) {
    $account = Read-Secret $secrets
    $vcenter = @{ Client = New-Client $secrets; Address = Get-Address $account.host; Cookie = ''; Places = @{} }
    $content = Invoke-Vsphere $vcenter 'RetrieveServiceContent' 'ServiceInstance' 'ServiceInstance'
    foreach ($place in $content.SelectNodes('*[@type]')) { $vcenter.Places[$place.LocalName] = @{ Type = $place.GetAttribute('type'); Id = $place.InnerText } }
    $session = $vcenter.Places.sessionManager
    try { [void](Invoke-Vsphere $vcenter 'Login' $session.Type $session.Id "<userName>$(Hide $account.username)</userName><password>$(Hide $account.password)</password>") }
    catch [InvalidOperationException] {
        if ($_.Exception.Data['fault'] -eq 'InvalidLogin') { throw [ArgumentException]::new('the vCenter does not accept the user: check `username` and `password` of the secret `vsphere`') }
        throw
    }
    $vcenter
}

function Disconnect-Vcenter($vcenter) {
    $session = $vcenter.Places.sessionManager
    try { [void](Invoke-Vsphere $vcenter 'Logout' $session.Type $session.Id) } catch { Write-Verbose "$_" } finally { $vcenter.Client.Dispose() }
}

# What is done there

# The id of the one machine of that name.
function Find-Machine($vcenter, [string] $name) {
    $root = $vcenter.Places.rootFolder
    $manager = $vcenter.Places.viewManager
    $inside = "<container type=""$($root.Type)"">$(Hide $root.Id)</container><type>VirtualMachine</type><recursive>true</recursive>"
    $view = (Invoke-Vsphere $vcenter 'CreateContainerView' $manager.Type $manager.Id $inside).InnerText
    try {
        $walk = '<skip>true</skip><selectSet xsi:type="TraversalSpec"><name>view</name><type>ContainerView</type><path>view</path><skip>false</skip></selectSet>'
        $found = @(Read-Objects $vcenter 'name' "<obj type=""ContainerView"">$(Hide $view)</obj>$walk" | Where-Object { (Get-Text $_ 'propSet/val') -eq $name })
    }
    finally { [void](Invoke-Vsphere $vcenter 'DestroyView' 'ContainerView' $view) }
    if ($found.Count -ne 1) { throw [ArgumentException]::new("the vCenter has $($found.Count) machines called $name$(if ($found.Count) { ': give metadata.vm_id as well' })") }
    Get-Text $found[0] 'obj'
}

# Its advanced settings; $null when the machine is gone.
function Get-Settings($vcenter, [string] $machine) {
    try { $objects = @(Read-Objects $vcenter 'config.extraConfig' "<obj type=""VirtualMachine"">$(Hide $machine)</obj><skip>false</skip>") }
    catch [InvalidOperationException] {
        if ($_.Exception.Data['fault'] -eq 'ManagedObjectNotFound') { return $null }
        throw
    }
    $settings = @{}
    foreach ($object in $objects) {
        foreach ($option in $object.SelectNodes("*[local-name()='propSet']/*[local-name()='val']/*[local-name()='OptionValue']")) { $settings[(Get-Text $option 'key')] = Get-Text $option 'value' }
    }
    $settings
}

function Set-Settings($vcenter, [string] $machine, $settings) {
    $options = @($settings.Keys | ForEach-Object { "<extraConfig xsi:type=""OptionValue""><key>$(Hide $_)</key><value xsi:type=""xsd:string"">$(Hide $settings[$_])</value></extraConfig>" })
    $task = (Invoke-Vsphere $vcenter 'ReconfigVM_Task' 'VirtualMachine' $machine "<spec>$($options -join '')</spec>").InnerText
    $deadline = [DateTime]::UtcNow.AddSeconds($script:TaskSeconds)
    for ($pause = 100; [DateTime]::UtcNow -lt $deadline; $pause = [Math]::Min($pause * 2, 2000)) {
        $info = @(Read-Objects $vcenter 'info' "<obj type=""Task"">$(Hide $task)</obj><skip>false</skip>")[0]
        switch (Get-Text $info 'propSet/val/state') {
            'success' { return }
            'error' { throw [InvalidOperationException]::new("vSphere: $(Get-Text $info 'propSet/val/error/localizedMessage')") }
        }
        Start-Sleep -Milliseconds $pause
    }
    throw [InvalidOperationException]::new("the vCenter did not change the machine within $script:TaskSeconds s")
}

# One property of one object or of all that a view shows; page by page.
function Read-Objects($vcenter, [string] $path, [string] $objectSet) {
    $type = if ($path -eq 'info') { 'Task' } else { 'VirtualMachine' }
    $collector = $vcenter.Places.propertyCollector
    $inside = "<specSet><propSet><type>$type</type><all>false</all><pathSet>$path</pathSet></propSet><objectSet>$objectSet</objectSet></specSet><options/>"
    $page = Invoke-Vsphere $vcenter 'RetrievePropertiesEx' $collector.Type $collector.Id $inside
    while ($page) {
        $page.SelectNodes("*[local-name()='objects']")
        $token = Get-Text $page 'token'
        $page = if ($token) { Invoke-Vsphere $vcenter 'ContinueRetrievePropertiesEx' $collector.Type $collector.Id "<token>$(Hide $token)</token>" }
    }
}

# SOAP

function Hide([string] $text) { [Security.SecurityElement]::Escape($text) }

function Get-Text($element, [string] $path) {
    $steps = $path -split '/' | ForEach-Object { "*[local-name()='$_']" }
    "$($element.SelectSingleNode($steps -join '/').InnerText)"
}

# The element `returnval` of the answer. Throws InvalidOperationException with the vCenter's own words; Data['fault'] is their type.
function Invoke-Vsphere($vcenter, [string] $method, [string] $type, [string] $id, [string] $inside = '') {
    $call = "<$method xmlns=""urn:vim25""><_this type=""$type"">$(Hide $id)</_this>$inside</$method>"
    $spaces = 'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    $request = [Net.Http.HttpRequestMessage]::new('POST', $vcenter.Address)
    $request.Content = [Net.Http.StringContent]::new("<?xml version=""1.0""?><soapenv:Envelope $spaces><soapenv:Body>$call</soapenv:Body></soapenv:Envelope>", [Text.Encoding]::UTF8, 'text/xml')
    [void]$request.Headers.TryAddWithoutValidation('SOAPAction', 'urn:vim25/6.5')
    if ($vcenter.Cookie) { [void]$request.Headers.TryAddWithoutValidation('Cookie', $vcenter.Cookie) }
    $where = "the vCenter $($vcenter.Address.Authority)"
    try { $answer = $vcenter.Client.SendAsync($request).GetAwaiter().GetResult() }
    catch { throw [InvalidOperationException]::new("$where cannot be reached, or its certificate is not the expected one", $_.Exception) }
    $cookies = $null
    if ($answer.Headers.TryGetValues('Set-Cookie', [ref]$cookies)) { $vcenter.Cookie = (@($cookies)[0] -split ';')[0] }
    $text = $answer.Content.ReadAsStringAsync().GetAwaiter().GetResult()
    try { $body = ([xml]$text).SelectSingleNode("/*[local-name()='Envelope']/*[local-name()='Body']/*") } catch { $body = $null }
    if (-not $body) { throw [InvalidOperationException]::new("what answered (HTTP $([int]$answer.StatusCode)) is no vCenter: is ``host`` of the secret ``vsphere`` right?") }
    if ($body.LocalName -ne 'Fault') { return $body.SelectSingleNode("*[local-name()='returnval']") }
    $fault = [InvalidOperationException]::new("vSphere: $(Get-Text $body 'faultstring')")
    $fault.Data['fault'] = "$($body.SelectSingleNode("*[local-name()='detail']/*").LocalName)" -replace 'Fault$'
    throw $fault
}
