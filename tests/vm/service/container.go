package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"syscall"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/contrib/seccomp"
	"github.com/containerd/containerd/v2/core/containers"
	"github.com/containerd/containerd/v2/pkg/cap"
	"github.com/containerd/containerd/v2/pkg/cio"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/pkg/oci"
	"github.com/containerd/errdefs"
	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/siderolabs/talos/pkg/machinery/constants"
	"github.com/siderolabs/talos/pkg/machinery/extensions/services"
)

const (
	outOfMemoryScore = -600 // of every extension service
	gracefulShutdown = 10 * time.Second
)

// container of one service: made once, its task again for every run.
type container struct {
	client *containerd.Client
	ctx    context.Context // carries containerd's namespace
	it     containerd.Container
}

func newContainer(spec *services.Spec, added settings) (*container, error) {
	client, err := containerd.New(socket)
	if err != nil {
		return nil, err
	}

	ctx := namespaces.WithNamespace(context.Background(), constants.SystemContainerdNamespace)
	id := "ext-" + spec.Name

	if err := removeOld(ctx, client, id); err != nil {
		return nil, err
	}

	it, err := client.NewContainer(ctx, id, containerd.WithNewSpec(options(spec, added)...))
	if err != nil {
		return nil, fmt.Errorf("container %s: %w", id, err)
	}

	return &container{client, ctx, it}, nil
}

// removeOld container and task, which a guest that lost its power leaves behind.
func removeOld(ctx context.Context, client *containerd.Client, id string) error {
	old, err := client.LoadContainer(ctx, id)
	if errdefs.IsNotFound(err) {
		return nil
	}

	if err != nil {
		return err
	}

	if task, err := old.Task(ctx, nil); err == nil {
		if _, err := task.Delete(ctx, containerd.WithProcessKill); err != nil {
			return fmt.Errorf("task of %s: %w", id, err)
		}
	}

	return old.Delete(ctx)
}

// options in Talos' order: the seccomp profile comes last, since it is computed from the capabilities.
func options(spec *services.Spec, added settings) []oci.SpecOpts {
	security := spec.Container.Security
	all := []oci.SpecOpts{
		oci.WithProcessArgs(append([]string{spec.Container.Entrypoint}, spec.Container.Args...)...),
		oci.WithHostHostsFile,
		oci.WithHostResolvconf,
		oci.WithNoNewPrivileges,
		oci.WithCgroup(filepath.Join(constants.CgroupExtensions, spec.Name)),
		oci.WithRootFSPath(rootfs(spec.Name)),
		oci.WithMounts(append(append([]specs.Mount{}, spec.Container.Mounts...), added.mounts...)),
		oci.WithHostNamespace(specs.NetworkNamespace),
		oci.WithHostNamespace(specs.IPCNamespace), // v1.13.0 did not yet, v1.13.9 does
		oci.WithCapabilities(grantable()),
		oci.WithAllDevicesAllowed,
		oci.WithEnv(append(append([]string{}, spec.Container.Environment...), added.environment...)),
		changed(func(s *oci.Spec) {
			score := outOfMemoryScore
			s.Process.OOMScoreAdj = &score
			s.Process.Rlimits = nil
			s.Linux.RootfsPropagation = security.RootfsPropagation
		}),
	}

	if !security.WriteableRootfs {
		all = append(all, oci.WithRootFSReadonly())
	}

	if security.WriteableSysfs {
		all = append(all, oci.WithWriteableSysfs)
	}

	if security.MaskedPaths != nil {
		all = append(all, oci.WithMaskedPaths(security.MaskedPaths))
	}

	if security.ReadonlyPaths != nil {
		all = append(all, oci.WithReadonlyPaths(security.ReadonlyPaths))
	}

	return append(all, seccomp.WithDefaultProfile())
}

func changed(change func(*oci.Spec)) oci.SpecOpts {
	return func(_ context.Context, _ oci.Client, _ *containers.Container, s *oci.Spec) error {
		change(s)

		return nil
	}
}

// grantable capabilities: those of this process without the ones that Talos never gives.
func grantable() []string {
	all, err := cap.Current()
	if err != nil {
		return nil
	}

	var granted []string

	for _, name := range all {
		if name != "CAP_SYS_MODULE" && name != "CAP_SYS_BOOT" {
			granted = append(granted, name)
		}
	}

	return granted
}

// run the service once, until it ends or the caller's context does: then SIGTERM, and SIGKILL after a while.
func (c *container) run(stop context.Context, output io.Writer) error {
	task, err := c.it.NewTask(c.ctx, cio.NewCreator(cio.WithStreams(nil, output, output)))
	if err != nil {
		return err
	}
	defer task.Delete(c.ctx, containerd.WithProcessKill)

	ended, err := task.Wait(c.ctx)
	if err != nil {
		return err
	}

	if err := task.Start(c.ctx); err != nil {
		return err
	}

	event("Running %s: process %d", c.it.ID(), task.Pid())

	select {
	case status := <-ended:
		return exited(status)
	case <-stop.Done():
	}

	event("Stopping %s: SIGTERM", c.it.ID())

	if err := task.Kill(c.ctx, syscall.SIGTERM, containerd.WithKillAll); err != nil {
		return err
	}

	select {
	case status := <-ended:
		return exited(status)
	case <-time.After(gracefulShutdown):
	}

	event("Stopping %s: SIGKILL", c.it.ID())

	if err := task.Kill(c.ctx, syscall.SIGKILL, containerd.WithKillAll); err != nil {
		return err
	}

	return exited(<-ended)
}

func exited(status containerd.ExitStatus) error {
	if status.ExitCode() != 0 {
		return fmt.Errorf("exit code %d", status.ExitCode())
	}

	return nil
}

func (c *container) close() {
	c.it.Delete(c.ctx)
	c.client.Close()
}
