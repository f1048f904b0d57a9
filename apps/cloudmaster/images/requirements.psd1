# Modules of the image `powershell-powercli`, from the PowerShell Gallery. Function `harden-vm` needs none: it speaks the vSphere API
# itself. Functions of yours that use PowerCLI take the comment away from this line:
@{
    # 'VMware.PowerCLI' = 'latest'
}
