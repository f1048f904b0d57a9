// A vCenter on the loopback: govmomi's simulator, with the datacenter, folder and resource pool that the published
// secret file names, and one Ubuntu template. It prints its address and ends when its standard input closes, so that it
// never outlives whoever started it.
package main

import (
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "address to listen on")
	user := flag.String("user", "cloudmaster@vsphere.local", "the one user; VSPHERE_SIMULATOR_PASSWORD holds the password")
	delay := flag.Duration("clone-delay", 0, "how long a clone takes")
	flag.Parse()
	if err := run(*listen, *user, *delay); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(listen string, user string, delay time.Duration) error {
	model := simulator.VPX()
	model.Pool = 1
	model.Machine = 1
	model.DelayConfig.MethodDelay = map[string]int{"CloneVM_Task": int(delay / time.Millisecond)}
	if err := model.Create(); err != nil {
		return err
	}
	defer model.Remove()
	model.Service.TLS = new(tls.Config)
	model.Service.Listen = &url.URL{Host: listen, User: url.UserPassword(user, os.Getenv("VSPHERE_SIMULATOR_PASSWORD"))}
	server := model.Service.NewServer()
	defer server.Close()
	if err := furnish(server.URL); err != nil {
		return err
	}
	fmt.Printf("https://%s/sdk\n", server.URL.Host)
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// furnish gives the inventory the names of the published secret file.
func furnish(address *url.URL) error {
	ctx := context.Background()
	client, err := govmomi.NewClient(ctx, address, true)
	if err != nil {
		return err
	}
	defer client.Logout(ctx)
	finder := find.NewFinder(client.Client)
	datacenter, err := finder.Datacenter(ctx, "DC0")
	if err != nil {
		return err
	}
	finder.SetDatacenter(datacenter)
	folders, err := datacenter.Folders(ctx)
	if err != nil {
		return err
	}
	if _, err := folders.VmFolder.CreateFolder(ctx, "Workloads"); err != nil {
		return err
	}
	pool, err := finder.ResourcePool(ctx, "DC0_C0/Resources/DC0_C0_RP1")
	if err != nil {
		return err
	}
	if err := pool.UpdateConfig(ctx, "Compute-ResourcePool", nil); err != nil {
		return err
	}
	machine, err := finder.VirtualMachine(ctx, "DC0_H0_VM0")
	if err != nil {
		return err
	}
	if err := makeTemplate(ctx, machine); err != nil {
		return err
	}
	return rename(ctx, datacenter.Common, "SDDC-Datacenter")
}

func makeTemplate(ctx context.Context, machine *object.VirtualMachine) error {
	task, err := machine.PowerOff(ctx)
	if err != nil {
		return err
	}
	if err := task.Wait(ctx); err != nil {
		return err
	}
	if err := rename(ctx, machine.Common, "ubuntu-24.04-template"); err != nil {
		return err
	}
	task, err = machine.Reconfigure(ctx, types.VirtualMachineConfigSpec{GuestId: "ubuntu64Guest"})
	if err != nil {
		return err
	}
	if err := task.Wait(ctx); err != nil {
		return err
	}
	return machine.MarkAsTemplate(ctx)
}

func rename(ctx context.Context, thing object.Common, name string) error {
	task, err := thing.Rename(ctx, name)
	if err != nil {
		return err
	}
	return task.Wait(ctx)
}
