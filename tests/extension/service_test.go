package extension

import (
	"bytes"
	"path"
	"slices"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/siderolabs/talos/pkg/machinery/extensions/services"
	"go.yaml.in/yaml/v4"
)

func readService(t *testing.T) services.Spec {
	t.Helper()

	var spec services.Spec

	decoder := yaml.NewDecoder(bytes.NewReader(Read(t, Tree(t), "extension", service)))
	decoder.KnownFields(true)

	if err := decoder.Decode(&spec); err != nil {
		t.Fatal(err)
	}

	return spec
}

func TestTalosAcceptsTheServiceWithoutUnknownFields(t *testing.T) {
	spec := readService(t)

	if err := spec.Validate(); err != nil {
		t.Error(err)
	}

	if spec.Name != "ichor" || spec.Restart != services.RestartAlways {
		t.Errorf("service %s, restart %s", spec.Name, spec.Restart)
	}
}

// Talos' boot waits for each service once: whatever else the agent needs, it waits for itself.
func TestServiceDependsOnCriOnly(t *testing.T) {
	spec := readService(t)

	if len(spec.Depends) != 1 || spec.Depends[0].Service != "cri" || spec.Container.EnvironmentFile != "" {
		t.Errorf("depends on %+v, environment file %q", spec.Depends, spec.Container.EnvironmentFile)
	}
}

func TestServiceCanWriteSysctls(t *testing.T) {
	security := readService(t).Container.Security

	if security.ReadonlyPaths == nil || len(security.ReadonlyPaths) != 0 || security.MaskedPaths == nil || len(security.MaskedPaths) != 0 {
		t.Errorf("an absent list means containerd's own: read-only %v, masked %v", security.ReadonlyPaths, security.MaskedPaths)
	}

	if security.WriteableRootfs {
		t.Error("the container's root need not be writable")
	}
}

// Talos makes a directory of each source that is missing, so all are directories; those without "bind" would need a file system's name.
func TestServiceBindsWhatTheAgentNeeds(t *testing.T) {
	want := map[string][]string{
		"/sys/fs/bpf":      {"bind", "rw"},
		"/sys/fs/cgroup":   {"bind", "rw"},
		"/run/netns":       {"rbind", "rslave", "rw"},
		"/var/lib/kubelet": {"rbind", "rslave", "ro"},
		"/etc/kubernetes":  {"rbind", "rslave", "ro"},
		"/etc/cni":         {"rbind", "rslave", "rw"},
		"/run/ichor":       {"bind", "rw"},
		"/var/lib/ichor":   {"bind", "rw"},
	}

	for _, mount := range readService(t).Container.Mounts {
		expected := specs.Mount{Destination: mount.Source, Source: mount.Source, Type: "bind", Options: want[mount.Source]}

		if mount.Destination != mount.Source || mount.Type != "bind" || !slices.Equal(mount.Options, expected.Options) {
			t.Errorf("%+v, expected %+v", mount, expected)
		}

		delete(want, mount.Source)
	}

	for source := range want {
		t.Errorf("%s is not bound", source)
	}
}

// The file of an ExtensionServiceConfig is bound over the image's: where there is none, the agent has its defaults.
func TestServiceStartsWithAndWithoutSettings(t *testing.T) {
	spec := readService(t)

	at := slices.Index(spec.Container.Args, "--config")
	if at < 0 || spec.Container.Args[at+1] != "/usr/local/etc/ichor/values.yaml" {
		t.Fatalf("arguments %v", spec.Container.Args)
	}

	forEachArchitecture(t, func(t *testing.T, arch string) {
		entries := Entries(t, Output(t), arch)
		find(t, entries, path.Join(container, spec.Container.Args[at+1]))

		if entry := find(t, entries, path.Join(container, spec.Container.Entrypoint)); entry.Header.Mode != 0o755 {
			t.Errorf("%s has mode %o", entry.Header.Name, entry.Header.Mode)
		}
	})
}
