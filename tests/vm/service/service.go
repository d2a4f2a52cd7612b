package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
	"github.com/siderolabs/talos/pkg/machinery/constants"
	"github.com/siderolabs/talos/pkg/machinery/extensions/services"
	"go.yaml.in/yaml/v4"
)

const (
	restartInterval = 5 * time.Second
	poll            = 50 * time.Millisecond
)

// settings are what an ExtensionServiceConfig adds to a service.
type settings struct {
	mounts      []specs.Mount
	environment []string
}

// event prints a line of a service's life, with the seconds since the kernel started.
func event(format string, values ...any) {
	uptime, _, _ := strings.Cut(readAll("/proc/uptime"), " ")
	fmt.Printf("%s %s\n", uptime, fmt.Sprintf(format, values...))
}

func readAll(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return ""
	}

	return string(content)
}

func runService(ctx context.Context, name, config, log string) error {
	spec, err := readSpec(name)
	if err != nil {
		return err
	}

	event("Preparing ext-%s", name)

	if err := waitForPaths(ctx, spec); err != nil {
		return err
	}

	added, err := readSettings(name, config)
	if err != nil {
		return err
	}

	if err := makeSources(spec.Container.Mounts); err != nil {
		return err
	}

	unmount, err := mountWritableRoot(rootfs(name))
	if err != nil {
		return err
	}
	defer unmount()

	output := io.Writer(os.Stdout)

	if log != "" {
		file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		defer file.Close()

		output = file
	}

	container, err := newContainer(spec, added)
	if err != nil {
		return err
	}
	defer container.close()

	return restart(ctx, spec, func() error { return container.run(ctx, output) })
}

func readSpec(name string) (*services.Spec, error) {
	path := filepath.Join(constants.ExtensionServiceConfigPath, name+".yaml")

	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}

	var spec services.Spec

	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)

	if err := decoder.Decode(&spec); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}

	if err := spec.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}

	return &spec, nil
}

// waitForPaths of the dependencies. Those on services and on states of Talos are the caller's: it starts this once containerd answers.
func waitForPaths(ctx context.Context, spec *services.Spec) error {
	for _, dependency := range spec.Depends {
		for dependency.Path != "" {
			if _, err := os.Stat(dependency.Path); err == nil {
				break
			}

			select {
			case <-ctx.Done():
				return fmt.Errorf("waiting for %s: %w", dependency.Path, ctx.Err())
			case <-time.After(poll):
			}
		}
	}

	return nil
}

// readSettings and put their files where Talos binds them from.
func readSettings(name, path string) (settings, error) {
	var added settings

	if path == "" {
		return added, nil
	}

	documents, err := configloader.NewFromFile(path)
	if err != nil {
		return added, err
	}

	directory := filepath.Join(constants.ExtensionServiceUserConfigPath, name)
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return added, err
	}

	for _, document := range documents.ExtensionServiceConfigs() {
		if document.Name() != name {
			continue
		}

		for _, file := range document.ConfigFiles() {
			source := filepath.Join(directory, strings.ReplaceAll(strings.TrimPrefix(file.MountPath(), "/"), "/", "-"))
			if err := os.WriteFile(source, []byte(file.Content()), 0o644); err != nil {
				return added, err
			}

			added.mounts = append(added.mounts,
				specs.Mount{Source: source, Destination: file.MountPath(), Type: "bind", Options: []string{"ro", "bind"}})
		}

		added.environment = append(added.environment, document.Environment()...)
	}

	return added, nil
}

// makeSources of mounts as Talos does: whatever is missing becomes a directory.
func makeSources(mounts []specs.Mount) error {
	for _, mount := range mounts {
		_, err := os.Stat(mount.Source)
		if errors.Is(err, os.ErrNotExist) {
			err = os.MkdirAll(mount.Source, 0o700)
		}

		if err != nil {
			return err
		}
	}

	return nil
}

// restart what ends, as the service wants it, until the context is done.
func restart(ctx context.Context, spec *services.Spec, run func() error) error {
	for {
		err := run()

		switch {
		case ctx.Err() != nil:
			event("Finished ext-%s", spec.Name)

			return nil
		case spec.Restart == services.RestartNever, spec.Restart == services.RestartUntilSuccess && err == nil:
			return err
		}

		event("Waiting ext-%s: it ended (%v), again in %s", spec.Name, err, restartInterval)

		select {
		case <-ctx.Done():
			return nil
		case <-time.After(restartInterval):
		}
	}
}
