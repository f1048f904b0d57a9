import type { Subject } from "./subject.ts";

export const powershell: Subject = {
  language: "powershell",
  file: "subject.ps1",
  handler: "subject.ps1::handle",
  interpreter: "pwsh",
  source: `$script:calls = 0

function Fail-WithCause { throw [InvalidOperationException]::new('cannot save', [IO.IOException]::new('the disk is full')) }
function Fail-Several { throw [AggregateException]::new('several things', [Exception[]]@([Exception]::new('first reason'), [Exception]::new('second reason'))) }

function handle($context, $payload) {
    $value = $payload.value
    switch ($payload.op) {
        'echo' { return $value }
        'context' { return $context }
        'nothing' { return }
        'input' { throw [ArgumentException]::new('the input is wrong') }
        'failure' { throw 'the function is wrong' }
        'caused' { Fail-WithCause }
        'several' { Fail-Several }
        'unserialisable' { return { 1 } }
        'long' { return 'x' * $value }
        'talk' { Write-Host "out $value"; Write-Warning "err $value"; Write-Host "rest $value" -NoNewline; return }
        'flood' { foreach ($at in 1..$value) { [Console]::WriteLine('x' * 100) }; return }
        'child' { /bin/sh -c 'echo from the child; echo to its errors >&2'; return $null }
        'slow' { Start-Sleep -Milliseconds $value; return 'slept' }
        'endless' { while ($true) { } }
        'exit' { exit 3 }
        'count' { $script:calls++; return $script:calls }
        'secret' { Write-Host "the password is $($context.secrets.password)"; throw "wrong: $($context.secrets.password)" }
        'variable' { return [Environment]::GetEnvironmentVariable($value) }
        'leave' { $null = [Diagnostics.Process]::Start('/bin/sleep', '1000'); return }
        'interpreter' { return (/bin/sh -c 'command -v pwsh') }
        'file' { return [IO.File]::ReadAllText("$PSScriptRoot/data.txt") }
        'write' { [IO.File]::WriteAllText('/tmp/a', 'kept'); return [IO.File]::ReadAllText('/tmp/a') }
        'outside' { try { [IO.File]::WriteAllText('/usr/a', ''); return 'written' } catch { return 'refused' } }
    }
}
`,
  syntaxError: {
    source: "function handle($context, $payload) {\n  if (1 { 2 }\n}\n",
    reason: /subject\.ps1:2:\d+: .*'\)'/,
  },
  missingHandler: {
    source: "function other($context, $payload) { }\n",
    reason: /subject\.ps1 has no function handle; it has other/,
  },
  wrongShape: { source: "function handle($payload) { }\n", reason: /two parameters/ },
  missingDependency: {
    source: "Import-Module MissingModule -ErrorAction Stop\nfunction handle($context, $payload) { }\n",
    reason: /MissingModule/,
  },
  failsWhileLoading: { source: "throw 'cannot begin'\n", reason: /cannot begin/ },
  without: { late: "threads of PowerShell have no streams of their own" },
};
