// A guest's stand-in for the parts of Talos that ichor meets: machined, which runs extension services and merges containerd's settings, its
// KubePrism, and the kubelet's calls for a pod's sandbox. It uses Talos' own types and containerd's own client, and does what v1.13 does.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/siderolabs/talos/pkg/machinery/constants"
)

const usage = `usage: talos-parts VERB ...
  run [--config FILE] [--log FILE] NAME   the service NAME of /usr/local/etc/containers until SIGTERM; FILE holds documents of Talos,
                                          of which NAME's ExtensionServiceConfig counts
  containerd-settings DIRECTORY           its *.part merged as Talos does, on standard output
  kubeprism ADDRESS:PORT                  passes what arrives at 127.0.0.1:7445 on to the API server there
  sandbox NAMESPACE/NAME                  makes a pod's sandbox, prints its id, process, network namespace and addresses
  remove NAMESPACE/NAME                   stops and removes it
`

// One containerd is both of Talos': its own and that of pods.
const socket = "/run/containerd/containerd.sock"

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()

	if err := dispatch(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "talos-parts:", err)
		cancel()
		os.Exit(1)
	}
}

func dispatch(ctx context.Context, arguments []string) error {
	if len(arguments) == 0 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(64)
	}

	flags := flag.NewFlagSet(arguments[0], flag.ExitOnError)
	flags.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	config := flags.String("config", "", "")
	log := flags.String("log", "", "")

	if err := flags.Parse(arguments[1:]); err != nil {
		return err
	}

	if flags.NArg() != 1 {
		flags.Usage()
		os.Exit(64)
	}

	subject := flags.Arg(0)

	switch arguments[0] {
	case "run":
		return runService(ctx, subject, *config, *log)
	case "containerd-settings":
		return printSettings(subject)
	case "sandbox":
		return withRuntime(ctx, subject, makeSandbox)
	case "remove":
		return withRuntime(ctx, subject, removeSandbox)
	case "kubeprism":
		return passThrough(constants.DefaultKubePrismPort, subject)
	}

	flags.Usage()
	os.Exit(64)

	return nil
}
