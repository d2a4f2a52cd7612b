package extension

import (
	"path"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"github.com/siderolabs/talos/pkg/machinery/config/merge"
	"github.com/siderolabs/talos/pkg/machinery/constants"
)

// Talos' own first part, reduced; a list that two parts have is appended.
const partOfTalos = `
[plugins."io.containerd.cri.v1.runtime".containerd]
default_runtime_name = "runc"
`

func read(t *testing.T, text []byte) map[string]any {
	t.Helper()

	var tables map[string]any
	if err := toml.Unmarshal(text, &tables); err != nil {
		t.Fatal(err)
	}

	return tables
}

// Merged as Talos merges the parts of /etc/cri/conf.d: the image's directory first, and the one that holds loopback.
func TestContainerdFindsThePluginsOfTheImageAndOfTalos(t *testing.T) {
	merged := read(t, []byte(partOfTalos))

	parts, err := filepath.Glob(filepath.Join(Tree(t), "extension/rootfs", constants.EtcCRIConfdPath, "*.part"))
	if err != nil || len(parts) != 1 {
		t.Fatal(parts, err)
	}

	if err := merge.Merge(merged, read(t, Read(t, parts[0]))); err != nil {
		t.Fatal(err)
	}

	runtime := merged["plugins"].(map[string]any)["io.containerd.cri.v1.runtime"].(map[string]any)
	want := map[string]any{
		"containerd": map[string]any{"default_runtime_name": "runc"},
		"cni":        map[string]any{"bin_dirs": []any{"/usr/local/lib/ichor/cni", "/opt/cni/bin"}},
	}

	if !reflect.DeepEqual(runtime, want) {
		t.Errorf("%v, expected %v", runtime, want)
	}

	forEachArchitecture(t, func(t *testing.T, arch string) {
		plugin := path.Join("rootfs", "usr/local/lib/ichor/cni", "ichor-cni")
		if entry := find(t, Entries(t, Output(t), arch), plugin); entry.Header.Mode != 0o755 {
			t.Errorf("%s has mode %o", plugin, entry.Header.Mode)
		}
	})
}
