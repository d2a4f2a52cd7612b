package extension

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/siderolabs/talos/pkg/machinery/config"
	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
	"github.com/siderolabs/talos/pkg/machinery/config/configpatcher"
	"github.com/siderolabs/talos/pkg/machinery/config/generate"
	"github.com/siderolabs/talos/pkg/machinery/config/machine"
	"github.com/siderolabs/talos/pkg/machinery/config/types/runtime/extensions"
	"github.com/siderolabs/talos/pkg/machinery/constants"
	"go.yaml.in/yaml/v4"
)

type metal struct{}

func (metal) String() string        { return "metal" }
func (metal) RequiresInstall() bool { return true }
func (metal) InContainer() bool     { return false }

var patchNames = []string{"settings.yaml", "node.yaml", "controlplane.yaml"}

// Keys of a cluster take long to make: once for all tests.
var newInput = sync.OnceValues(func() (*generate.Input, error) {
	return generate.NewInput("cluster", "https://192.0.2.1:6443", constants.DefaultKubernetesVersion,
		generate.WithVersionContract(config.TalosVersion1_13), generate.WithInstallDisk("/dev/sda"))
})

func patched(t *testing.T, kind machine.Type, names ...string) config.Provider {
	t.Helper()

	input, err := newInput()
	if err != nil {
		t.Fatal(err)
	}

	generated, err := input.Config(kind)
	if err != nil {
		t.Fatal(err)
	}

	var files []string
	for _, name := range names {
		files = append(files, "@"+filepath.Join(Tree(t), "machineconfig/talos-1.13", name))
	}

	patches, err := configpatcher.LoadPatches(files)
	if err != nil {
		t.Fatal(err)
	}

	output, err := configpatcher.Apply(configpatcher.WithConfig(generated), patches)
	if err != nil {
		t.Fatal(err)
	}

	// As it reaches the node: through bytes.
	content, err := output.Bytes()
	if err != nil {
		t.Fatal(err)
	}

	provider, err := configloader.NewFromBytes(content)
	if err != nil {
		t.Fatal(err)
	}

	return provider
}

// Each alone and all together, on both kinds of machine; a worker takes controlplane.yaml too, to no effect.
func TestPatchesOf113GiveValidConfigurations(t *testing.T) {
	for _, kind := range []machine.Type{machine.TypeControlPlane, machine.TypeWorker} {
		for _, names := range [][]string{patchNames[:1], patchNames[1:2], patchNames[2:], patchNames} {
			t.Run(kind.String()+" "+strings.Join(names, " "), func(t *testing.T) {
				warnings, err := patched(t, kind, names...).Validate(metal{})
				if err != nil {
					t.Error(err)
				}

				if len(warnings) > 0 {
					t.Errorf("warnings: %v", warnings)
				}
			})
		}
	}
}

func TestPatchesOf113DoWhatTheySay(t *testing.T) {
	for _, kind := range []machine.Type{machine.TypeControlPlane, machine.TypeWorker} {
		provider := patched(t, kind, patchNames...)

		if name := provider.Cluster().Network().CNI().Name(); name != constants.NoneCNI {
			t.Errorf("%s: CNI %s", kind, name)
		}

		if provider.Cluster().Proxy().Enabled() {
			t.Errorf("%s: kube-proxy runs", kind)
		}

		if prism := provider.Machine().Features().KubePrism(); !prism.Enabled() || prism.Port() != 7445 {
			t.Errorf("%s: KubePrism %v %d", kind, prism.Enabled(), prism.Port())
		}

		if value := provider.Machine().Sysctls()["net.core.bpf_jit_harden"]; value != "1" {
			t.Errorf("%s: bpf_jit_harden %q", kind, value)
		}

		manifests := provider.Cluster().InlineManifests()
		if len(manifests) != 1 || manifests[0].Contents() != string(Read(t, Tree(t), "machineconfig/manifests/rbac.yaml")) {
			t.Errorf("%s: the inline manifest is not manifests/rbac.yaml", kind)
		}

		if services := provider.ExtensionServiceConfigs(); len(services) != 1 || services[0].Name() != "ichor" {
			t.Errorf("%s: %d ExtensionServiceConfigs", kind, len(services))
		}
	}
}

// documents of a patch of 1.14, whose kinds the module of 1.13 does not know.
func documents(t *testing.T, name string) []map[string]any {
	t.Helper()

	var all []map[string]any

	for decoder := yaml.NewDecoder(bytes.NewReader(Read(t, Tree(t), "machineconfig/talos-1.14", name))); ; {
		var one map[string]any

		err := decoder.Decode(&one)
		if errors.Is(err, io.EOF) {
			return all
		}

		if err != nil {
			t.Fatal(err)
		}

		all = append(all, one)
	}
}

// The fields of Talos 1.14 by the document's kind; a legacy field beside them would be refused by Talos.
func TestPatchesOf114HoldDocumentsOf114Only(t *testing.T) {
	rbac := string(Read(t, Tree(t), "machineconfig/manifests/rbac.yaml"))
	want := map[string][]map[string]any{
		"node.yaml": {
			{"apiVersion": "v1alpha1", "kind": "KubePrismConfig", "port": 7445},
			{"apiVersion": "v1alpha1", "kind": "SysctlConfig", "params": map[string]any{"net.core.bpf_jit_harden": "1"}},
		},
		"controlplane.yaml": {
			{"apiVersion": "v1alpha1", "kind": "KubeFlannelCNIConfig", "$patch": "delete"},
			{"apiVersion": "v1alpha1", "kind": "KubeProxyConfig", "enabled": false},
			{"apiVersion": "v1alpha1", "kind": "KubeInlineManifestConfig", "name": "ichor-rbac", "manifest": rbac},
		},
	}

	for name, expected := range want {
		if found := documents(t, name); !reflect.DeepEqual(found, expected) {
			t.Errorf("%s holds\n%v\nexpected\n%v", name, found, expected)
		}
	}
}

func TestSettingsAreTheSameForBothGenerations(t *testing.T) {
	legacy := Read(t, Tree(t), "machineconfig/talos-1.13/settings.yaml")
	if !bytes.Equal(legacy, Read(t, Tree(t), "machineconfig/talos-1.14/settings.yaml")) {
		t.Error("talos-1.13/settings.yaml and talos-1.14/settings.yaml differ")
	}
}

func TestEveryFileOfBothFoldersIsTested(t *testing.T) {
	for _, folder := range []string{"talos-1.13", "talos-1.14"} {
		entries, err := os.ReadDir(filepath.Join(Tree(t), "machineconfig", folder))
		if err != nil {
			t.Fatal(err)
		}

		for _, entry := range entries {
			if !slices.Contains(patchNames, entry.Name()) {
				t.Errorf("%s/%s is no patch that is tested", folder, entry.Name())
			}
		}
	}
}

func settings(t *testing.T) []byte {
	t.Helper()

	var document extensions.ServiceConfigV1Alpha1

	decoder := yaml.NewDecoder(bytes.NewReader(Read(t, Tree(t), "machineconfig/talos-1.13/settings.yaml")))
	decoder.KnownFields(true)

	if err := decoder.Decode(&document); err != nil {
		t.Fatal(err)
	}

	files := document.ConfigFiles()
	if len(files) != 1 || files[0].MountPath() != "/usr/local/etc/ichor/values.yaml" {
		t.Fatalf("files %+v", files)
	}

	return []byte(files[0].Content())
}

// All of the Cilium page's values, but what belongs to one cluster, and what belongs to a pod's security context.
func TestSettingsAreThoseOfTheCiliumPage(t *testing.T) {
	var found, expected map[string]any

	if err := yaml.Unmarshal(settings(t), &found); err != nil {
		t.Fatal(err)
	}

	if err := yaml.Unmarshal(Read(t, Tree(t), "machineconfig/cilium-base-values.yaml"), &expected); err != nil {
		t.Fatal(err)
	}

	delete(expected, "ipv4NativeRoutingCIDR")
	delete(expected, "securityContext")

	if !reflect.DeepEqual(found, expected) {
		t.Errorf("settings\n%v\nexpected\n%v", found, expected)
	}
}

func TestIchorAcceptsTheSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "values.yaml")

	for name, content := range map[string][]byte{
		"of the patch": settings(t),
		"of the image": find(t, Entries(t, Output(t), "amd64"), container+"usr/local/etc/ichor/values.yaml").Content,
	} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}

		agent := filepath.Join(Tree(t), "build/release/bin/ichor-agent")
		if out, err := exec.Command(agent, "plan", "--config", file, "--manifests", t.TempDir()).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
