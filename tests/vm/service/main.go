// A guest's stand-in for the parts of Talos that ichor meets: machined, which runs extension services and merges containerd's settings, and
// the kubelet's call for a pod's sandbox. It uses Talos' own types and containerd's own client, and has Talos v1.13's behaviour only.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

const usage = `usage: extension-service VERB ...
  run [--containerd SOCKET] [--config FILE] [--log FILE] NAME   the service NAME of /usr/local/etc/containers until SIGTERM;
                                                   FILE holds documents of Talos, of which NAME's ExtensionServiceConfig counts
  containerd-settings DIRECTORY                    its *.part merged as Talos does, on standard output
  sandbox [--containerd SOCKET] NAMESPACE/NAME     makes a pod's sandbox, prints its id, process, network namespace and addresses as JSON
  remove [--containerd SOCKET] NAMESPACE/NAME      stops and removes it
`

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()

	if err := dispatch(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "extension-service:", err)
		cancel()
		os.Exit(1) //nolint:gocritic
	}
}

func dispatch(ctx context.Context, arguments []string) error {
	if len(arguments) == 0 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(64)
	}

	flags := flag.NewFlagSet(arguments[0], flag.ExitOnError)
	flags.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	socket := flags.String("containerd", "/run/containerd/containerd.sock", "")
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
		return runService(ctx, *socket, subject, *config, *log)
	case "containerd-settings":
		return printSettings(subject)
	case "sandbox":
		return makeSandbox(ctx, *socket, subject)
	case "remove":
		return removeSandbox(ctx, *socket, subject)
	}

	flags.Usage()
	os.Exit(64)

	return nil
}
